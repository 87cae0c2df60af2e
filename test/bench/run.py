"""Runs each scenario with all who take part, interleaved, several times; prints medians, spreads and ratios beside the goals,
and writes bench.json. Only ratios within one run mean anything: the times depend on the machine and what else it does."""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import report

HERE = pathlib.Path(__file__).parent
GUARD = HERE.parent / "support" / "guard.sh"
CORES = len(os.sched_getaffinity(0))


def scenarios(build):
    ours, limits, threads = (str(build / name) for name in ("bench_tandem", "bench_limits", "bench_threads"))
    python = [sys.executable, str(HERE / "peers.py")]
    node = ["node", str(build / "peers.mjs")]
    compiler = [sys.executable, str(HERE / "compile.py")]
    large = "8 MiB, one after the other, bytes a second: "
    return [
        # name, what, programs (the first is ours), goals: (who, factor), where ours is to be factor times as quick; of
        # what is counted a second, factor times as much; None where there is no goal
        ("S1", "round trip of one no-op task, one idle worker, s",
         {"tandem": [ours, "small", 1, 1, 20000], "raw pipes": [limits, "pingpong", 20000],
          "CPython": python + ["small", 1, 1, 2000]},
         [("raw pipes", 1 / 1.15), ("CPython", 4)]),
        ("S1", "processor time of the same, of both sides, s",
         {"tandem": [ours, "cpu", 1, 1, 50000], "raw pipes": [limits, "cpu", 50000]}, [("raw pipes", None)]),
        ("S2", "no-op tasks, 10,000 outstanding, 2 workers, s each",
         {"tandem": [ours, "small", 2, 10000, 2000000], "bare engine": [limits, "engine", 2, 512, 4000000],
          "CPython": python + ["small", 2, 10000, 20000], "loky": python + ["loky", 2, 10000, 20000],
          "piscina": node + ["small", 2, 10000, 50000]},
         [("bare engine", 1 / 3), ("CPython", 200), ("piscina", 30)]),
        ("S3", "a map of a no-op over 1,000,000 items, 2 workers, s each",
         {"tandem": [ours, "map", 2, 0, 1000000], "CPython, chunks of 1,000": python + ["map", 2, 1000, 1000000]},
         [("CPython, chunks of 1,000", 4)]),
        ("S4", large + "std::vector as an argument",
         {"tandem": [ours, "argument", 1, 0, 200], "two memcpy": [limits, "memory", 2, 200],
          "CPython": python + ["large", 1, 0, 20]},
         [("two memcpy, of", 0.7), ("CPython, of", 20)]),
        ("S4", large + "std::span as an argument",
         {"tandem": [ours, "view", 1, 0, 200], "one memcpy": [limits, "memory", 1, 200],
          "CPython": python + ["large", 1, 0, 20]},
         [("one memcpy, of", 0.7), ("CPython, of", 20)]),
        ("S4", large + "std::vector as a result",
         {"tandem": [ours, "result", 1, 0, 200], "two memcpy": [limits, "memory", 2, 200],
          "CPython": python + ["large", 1, 1, 20]},
         [("two memcpy, of", 0.7), ("CPython, of", 20)]),
        ("S5", f"tasks of 10 ms on {CORES} cores, times as fast as serial",
         {"tandem": [ours, "computing", CORES, 0, 100 * CORES]}, [("at least", 0.97 * CORES)]),
        ("S6", "a thousand tasks of 1 ms behind one of 500 ms, times the best schedule",
         {"tandem": [ours, "mixed", 2]}, [("at most", 1.1)]),
        ("S7", "first result of a new pool, s; and with 4 GiB resident",
         {"tandem": [ours, "first", 1, 0, 0], "with 4 GiB": [ours, "first", 1, 0, 1]},
         [("at most", 0.015), ("with 4 GiB, at most", 1.2)]),
        ("S8", "bytes of a queued task, 1,000,000 of them",
         {"tandem": [ours, "queued", 2, 0, 1000000]}, [("at most", 400)]),
        ("S8", "private memory of a worker, bytes",
         {"tandem": [ours, "worker", 1, 0, 100000]}, [("at most", 4 << 20)]),
        ("S9", "async_run of nothing on 2 threads, 1,000 outstanding, s each",
         {"tandem": [ours, "thread-run", 2, 1000, 2000000], "asio::post": [ours, "thread-post", 2, 1000, 2000000]},
         [("asio::post", 1 / 1.15)]),
        ("S9", "a map over 1,000,000 elements on 2 threads, s each",
         {"tandem": [ours, "thread-map", 2, 0, 1000000]} |
         {name: [threads, short, 2, 1000000]
          for name, short in (("BS::thread_pool", "bs"), ("Taskflow", "taskflow"), ("oneTBB", "tbb"))},
         [("BS::thread_pool", 1), ("Taskflow", 1), ("oneTBB", 1)]),
        ("S10", "no-op tasks, 2 workers, s each; with 1,000 outstanding, and with up to 1,000,000",
         {"tandem": [ours, "small", 2, 1000, 2000000]} |
         {f"{n:,}": [ours, "small", 2, n, 2000000] for n in (10_000, 100_000, 1_000_000)},
         [(f"{n:,}, at most", 1.2) for n in (10_000, 100_000, 1_000_000)]),
        ("S10", "no-op tasks, 10,000 outstanding, s each; 1 worker, and up to 64",
         {"tandem": [ours, "small", 1, 10000, 1000000]} |
         {f"{n} workers": [ours, "small", n, 10000, 1000000] for n in (2, 4, 8, 16, 32, 64)}, []),
        ("S11", "processor time to compile a program with both pools and a coroutine, s",
         {"tandem": compiler + ["pools.cpp"], "boost/asio.hpp alone": compiler + ["asio.cpp"]},
         [("boost/asio.hpp alone", 1 / 1.25)]),
        ("S12", "processor time of the pool's process for a no-op task, 10,000 outstanding, s; 4 workers, and up to 64",
         {"tandem": [ours, "own-cpu", 4, 10000, 1000000]} |
         {f"{n} workers": [ours, "own-cpu", n, 10000, 1000000] for n in (16, 64)},
         [(f"{n} workers, at most", 2) for n in (16, 64)]),
        ("S12", "the same for a call that comes alone; one idle worker, and 64",
         {"tandem": [ours, "own-cpu-alone", 1, 1, 1000], "64 workers": [ours, "own-cpu-alone", 64, 1, 1000]},
         [("64 workers, at most", 2)]),
    ]


def run(command):
    done = subprocess.run([str(GUARD)] + [str(part) for part in command], capture_output=True, text=True, timeout=300)
    if done.returncode == 3 or "Cannot find package" in done.stderr or "No module named" in done.stderr:
        return None  # not installed
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr[-400:]}")
    return float(done.stdout.split()[-1])


def missing(seen):
    return {who for who, values in seen.items() if None in values}


def compare(seen, goals):
    """Of each goal: its name, the median of the ratios within one round, and whether it is met."""
    for who, factor in goals:
        ours = seen["tandem"]
        if who == "at least":
            yield f"{who} {factor:.3g}", report.median(ours), report.median(ours) >= factor
        elif who == "at most":
            yield f"{who} {factor:.3g}", report.median(ours), report.median(ours) <= factor
        elif who.split(",")[0] in missing(seen):
            continue
        elif factor is None:
            yield f"none; times as little as {who}", report.ratio(seen[who], ours), None
        elif who.endswith(", of"):
            ratio = report.ratio(ours, seen[who.removesuffix(", of")])
            yield f"{factor:.3g} times {who.removesuffix(', of')}", ratio, ratio >= factor
        elif who.endswith(", at most"):
            ratio = report.ratio(seen[who.removesuffix(", at most")], ours)
            yield f"{who} {factor:.3g} times as long", ratio, ratio <= factor
        else:
            ratio = report.ratio(seen[who], ours)
            yield f"{factor:.3g} times as quick as {who}", ratio, ratio >= factor


def instructions(build):
    """Of each path that all small tasks take: how many instructions, which callgrind counts and which repeats exactly."""
    def count(path, times):
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                               str(build / "bench_paths"), path, str(times)], capture_output=True, text=True, timeout=300)
        return int(done.stderr.split("Collected :")[1].split()[0])

    few, many = 1000, 9192  # apart by rounds of the tasks that the path has
    return {path: round((count(path, many) - count(path, few)) / (many - few)) for path in ("encode", "schedule", "complete")}


def draw(folder, results):
    """Charts, by gnuplot: what takes part in a scenario beside each other, and cost as work grows."""
    def plot(name, title, label, rows, style):
        commands = f"""{"set yrange [0:*]" if style == "linespoints" else "set logscale y"}
set key off
set boxwidth 0.6
plot $data using 0:2:xtic(1) with {style}"""
        report.plot(folder / f"{name}.svg", title, label, commands, "\n".join(f'"{who}" {value:.6g}' for who, value in rows))

    def medians(scenario, part=""):
        for r in results:
            if r["scenario"] == scenario and part in r["what"]:
                return {who: report.median(values) for who, values in r["seen"].items() if who not in missing(r["seen"])}
        return {}

    folder.mkdir(exist_ok=True)
    small, growing, workers = medians("S2"), medians("S10", "outstanding, and"), medians("S10", "64")
    plot("small_tasks", "No-op tasks, 10,000 outstanding, 2 workers", "tasks a second",
         [(who, 1 / seconds) for who, seconds in small.items()], "boxes")
    plot("growing_work", "Cost of a task as more are outstanding", "ns",
         [("1,000" if who == "tandem" else who, seconds * 1e9) for who, seconds in growing.items()], "linespoints")
    plot("growing_pool", "Cost of a task as there are more workers", "ns",
         [("1" if who == "tandem" else who.split()[0], seconds * 1e9) for who, seconds in workers.items()], "linespoints")


def write_into(document, results, counted, rounds):
    """Puts the results as a table between the document's two markers."""
    rows = [[r["scenario"], r["what"], v["goal"], f"{v['value']:.3g}", report.met(v["met"])]
            for r in results for v in r["verdicts"]]
    report.write_between(document, "results", [
        f"{CORES} cores, {rounds} rounds.", "", *report.table(["", "what", "goal", "measured", ""], rows), "",
        "Instructions of the paths that every small task takes, by callgrind; these repeat exactly:", "",
        *report.table(["path", "instructions"], [[path, f"{count:,}"] for path, count in counted.items()])])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="a scenario, such as S2")
    parser.add_argument("--document", type=pathlib.Path, help="a text whose table of results is written anew")
    options = parser.parse_args()
    results = []
    for name, what, programs, goals in scenarios(options.build):
        if options.only and options.only != name:
            continue
        seen = {who: [] for who in programs}
        for _ in report.rounds(options.rounds, name):
            for who, command in programs.items():
                seen[who].append(run(command))
        print(f"{name}  {what}", flush=True)
        for who in missing(seen):
            print(f"    {who:28} not installed")
        for who, values in seen.items():
            if who in missing(seen):
                continue
            print(f"    {who:28} {report.median(values):12.4g}   ({min(values):.4g} to {max(values):.4g})")
        verdicts = []
        for goal, value, met in compare(seen, goals):
            print(f"    goal: {goal}: {value:.3g}{'' if met is None else ', met' if met else ', NOT MET'}")
            verdicts.append({"goal": goal, "value": value, "met": met})
        results.append({"scenario": name, "what": what, "seen": seen, "verdicts": verdicts})
    counted = instructions(options.build)
    for path, count in counted.items():
        print(f"{path}: {count} instructions")
    (options.build / "bench.json").write_text(json.dumps({"results": results, "instructions": counted}, indent=1))
    if options.document and not options.only:
        draw(options.document.parent / "charts", results)
        write_into(options.document, results, counted, options.rounds)


if __name__ == "__main__":
    main()
