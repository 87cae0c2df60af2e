"""Runs each scenario with all who take part, interleaved, several times; prints medians, spreads and ratios beside the goals,
and writes bench.json. Only ratios within one run mean anything: the times depend on the machine and what else it does."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
GUARD = HERE.parent / "support" / "guard.sh"
CORES = len(os.sched_getaffinity(0))


def scenarios(build):
    ours, limits = str(build / "bench_tandem"), str(build / "bench_limits")
    python = [sys.executable, str(HERE / "peers.py")]
    return [
        # name, what, programs (the first is ours), goals: (who, comparison, factor), where ours is factor times as quick
        ("S1", "round trip of one no-op task, one idle worker, s",
         {"tandem": [ours, "small", 1, 1, 20000], "raw pipes": [limits, "pingpong", 20000],
          "CPython": python + ["small", 1, 1, 2000]},
         [("raw pipes", 1 / 1.15), ("CPython", 4)]),
        ("S2", "no-op tasks, 10,000 outstanding, 2 workers, s each",
         {"tandem": [ours, "small", 2, 10000, 2000000], "bare engine": [limits, "engine", 2, 512, 4000000],
          "CPython": python + ["small", 2, 10000, 20000]},
         [("bare engine", 1 / 3), ("CPython", 200)]),
        ("S3", "a map of a no-op over 1,000,000 items, 2 workers, s each",
         {"tandem": [ours, "map", 2, 0, 1000000], "CPython, chunks of 1,000": python + ["map", 2, 1000, 1000000]},
         [("CPython, chunks of 1,000", 4)]),
        ("S5", f"tasks of 10 ms on {CORES} cores, times as fast as serial",
         {"tandem": [ours, "computing", CORES, 0, 100 * CORES]}, [("at least", 0.97 * CORES)]),
        ("S6", "a thousand tasks of 1 ms behind one of 500 ms, times the best schedule",
         {"tandem": [ours, "mixed", 2]}, [("at most", 1.1)]),
        ("S7", "first result of a new pool, s; and with 4 GiB resident",
         {"tandem": [ours, "first", 1, 0, 0], "with 4 GiB": [ours, "first", 1, 0, 4096]},
         [("at most", 0.015), ("with 4 GiB, at most", 1.2)]),
        ("S8", "bytes of a queued task, 1,000,000 of them",
         {"tandem": [ours, "queued", 2, 0, 1000000]}, [("at most", 400)]),
        ("S8", "private memory of a worker, bytes",
         {"tandem": [ours, "worker", 1, 0, 100000]}, [("at most", 4 << 20)]),
        ("S10", "no-op tasks, 1,000,000 outstanding, s each, beside 1,000",
         {"tandem": [ours, "small", 2, 1000000, 2000000], "1,000": [ours, "small", 2, 1000, 2000000]},
         [("1,000", 1 / 1.2)]),
    ]


def run(command):
    done = subprocess.run([str(GUARD)] + [str(part) for part in command], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr[-400:]}")
    return float(done.stdout.split()[-1])


def compare(seen, goals):
    """Of each goal: its name, the median of the ratios within one round, and whether it is met."""
    for who, factor in goals:
        ours = seen["tandem"]
        if who == "at least":
            yield f"{who} {factor:.3g}", statistics.median(ours), statistics.median(ours) >= factor
        elif who == "at most":
            yield f"{who} {factor:.3g}", statistics.median(ours), statistics.median(ours) <= factor
        elif who.endswith(", at most"):
            ratio = statistics.median(theirs / mine for mine, theirs in zip(ours, seen[who.removesuffix(", at most")]))
            yield f"{who} {factor:.3g} times as long", ratio, ratio <= factor
        else:
            ratio = statistics.median(theirs / mine for mine, theirs in zip(ours, seen[who]))
            yield f"{factor:.3g} times as quick as {who}", ratio, ratio >= factor


def write_into(document, results, rounds):
    """Puts the results as a table between the document's two markers."""
    begin, end = "<!-- results -->", "<!-- end of results -->"
    before, rest = document.read_text().split(begin)
    lines = [f"{CORES} cores, {rounds} rounds.", "", "| | what | goal | measured | |", "|---|---|---|---|---|"]
    for r in results:
        met = "met" if r["met"] else "**not met**"
        lines.append(f"| {r['scenario']} | {r['what']} | {r['goal']} | {r['value']:.3g} | {met} |")
    document.write_text(before + begin + "\n" + "\n".join(lines) + "\n" + end + rest.split(end)[1])


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
        for number in range(options.rounds):
            print(f"\r{name} round {number + 1} of {options.rounds} ", end="", file=sys.stderr, flush=True)
            for who, command in programs.items():
                seen[who].append(run(command))
        print("\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)
        print(f"{name}  {what}")
        for who, values in seen.items():
            print(f"    {who:28} {statistics.median(values):12.4g}   ({min(values):.4g} to {max(values):.4g})")
        for goal, value, met in compare(seen, goals):
            print(f"    goal: {goal}: {value:.3g}, {'met' if met else 'NOT MET'}")
            results.append({"scenario": name, "what": what, "goal": goal, "value": value, "met": met, "seen": seen})
    (options.build / "bench.json").write_text(json.dumps(results, indent=1))
    if options.document and not options.only:
        write_into(options.document, results, options.rounds)


if __name__ == "__main__":
    main()
