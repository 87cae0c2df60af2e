"""Runs each scenario with all who take part, interleaved, several times; prints medians, spreads and ratios beside the goals,
and writes bench.json. Only ratios within one run mean anything: the times depend on the machine and what else it does."""
import argparse
import json
import pathlib
import subprocess

import report
import rows

GUARD = rows.HERE.parent / "support" / "guard.sh"


def run(command):
    done = subprocess.run([str(GUARD)] + [str(part) for part in command], capture_output=True, text=True, timeout=300)
    if done.returncode == 3 or "Cannot find package" in done.stderr or "No module named" in done.stderr:
        return None  # not installed
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr[-400:]}")
    return float(done.stdout.split()[-1])


def missing(seen):
    return {who for who, values in seen.items() if None in values}


def steps(row, seen):
    """From each point of a sweep to the next: their names, and how many times as much the larger one is."""
    names = list(seen)
    for before, after in zip(names, names[1:]):
        step = report.ratio(seen[after], seen[before])
        yield before, after, 1 / step if row.rate else max(step, 1 / step)


def compare(row, seen):
    """Of each goal: its name, the median of the ratios within one round, and whether it is met."""
    ours = seen[next(iter(row.programs))]
    if row.step:
        before, after, largest = max(steps(row, seen), key=lambda step: step[2])
        yield f"no step over {row.step:.3g}; the largest, {before} to {after}", largest, largest <= row.step
    for who, factor in row.goals:
        if who.startswith("each at "):
            medians = [report.median(values) for values in seen.values()]
            worst = max(medians) if who == "each at most" else min(medians)
            yield f"{who} {factor:.3g}", worst, worst <= factor if who == "each at most" else worst >= factor
        elif who == "at least":
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
    """Charts, by gnuplot: what takes part in a scenario beside each other, and each sweep that has one."""
    def plot(name, title, label, points, style, range):
        report.plot(folder / f"{name}.svg", title, label, f"""{range}
set key off
set boxwidth 0.6
set xtics rotate by -45
plot $data using 0:2:xtic(1) with {style}""", "\n".join(f'"{who}" {value:.6g}' for who, value in points))

    def medians(seen):
        return {who: report.median(values) for who, values in seen.items() if who not in missing(seen)}

    folder.mkdir(exist_ok=True)
    for row, seen, _ in results:
        if row.name == "S2":
            plot("small_tasks", "No-op tasks, 10,000 outstanding, 2 workers", "tasks a second",
                 [(who, 1 / seconds) for who, seconds in medians(seen).items()], "boxes", "set logscale y")
        if row.chart:
            name, title, label, factor = row.chart
            plot(name, title, label,
                 [(who, factor / value if row.rate else factor * value) for who, value in medians(seen).items()], "linespoints",
                 "set logscale y" if row.rate else "set yrange [0:*]")


def write_into(document, results, counted, rounds):
    """Puts the results as a table between the document's two markers."""
    lines = [[row.name, row.what, goal, f"{value:.3g}", report.met(met)]
             for row, _, verdicts in results for goal, value, met in verdicts]
    report.write_between(document, "results", [
        f"{rows.CORES} cores, {rounds} rounds.", "", *report.table(["", "what", "goal", "measured", ""], lines), "",
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
    for row in rows.all_of(options.build):
        if options.only and options.only not in (row.name, row.name.rstrip("abc")):
            continue
        seen = {who: [] for who in row.programs}
        for _ in report.rounds(min(options.rounds, row.rounds or options.rounds), row.name):
            for who, command in row.programs.items():
                seen[who].append(run(command))
        print(f"{row.name}  {row.what}", flush=True)
        for who, values in seen.items():
            if who in missing(seen):
                print(f"    {who:28} not installed")
            else:
                print(f"    {who:28} {report.median(values):12.4g}   ({min(values):.4g} to {max(values):.4g})")
        if row.step:
            for before, after, step in steps(row, seen):
                if step > row.step:
                    print(f"    STEP: {step:.3g} from {before} to {after}")
        verdicts = list(compare(row, seen))
        for goal, value, met in verdicts:
            print(f"    goal: {goal}: {value:.3g}{'' if met is None else ', met' if met else ', NOT MET'}")
        results.append((row, seen, verdicts))
    counted = {} if options.only else instructions(options.build)
    for path, count in counted.items():
        print(f"{path}: {count} instructions")
    (options.build / "bench.json").write_text(json.dumps(
        {"results": [{"scenario": row.name, "what": row.what, "seen": seen,
                      "verdicts": [dict(zip(("goal", "value", "met"), verdict)) for verdict in verdicts]}
                     for row, seen, verdicts in results], "instructions": counted}, indent=1))
    if options.document and not options.only:
        draw(options.document.parent / "charts", results)
        write_into(options.document, results, counted, options.rounds)


if __name__ == "__main__":
    main()
