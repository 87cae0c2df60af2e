"""Downloads the same files with tandem-get, its peers and a limit program, interleaved, several times, from nginx on loopback
and in memory; compares every file byte for byte; prints medians, spreads and ratios beside the goals, and writes
download.json. Only ratios within one run mean anything: the times depend on the machine and what else it does."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import typing

import report
from web_server import WebServer

MEMORY = pathlib.Path("/dev/shm")
OURS, LIMIT = "tandem-get", "limit"
CONNECTIONS = 8  # of each: with 4 to 16 the limit program takes the same, with more of them longer
RESIDENT = 20e6  # bytes that tandem-get may have


class Case(typing.NamedTuple):
    name: str
    what: str
    count: int
    size: int
    scheme: str
    goal: float  # times the limit program's wall clock
    often: int  # how many rounds for one of --rounds: what takes a tenth of a second is measured more often


CASES = [
    Case("small", "5,000 files of 10 KiB", 5000, 10 << 10, "http", 1.8, 3),
    Case("medium", "200 files of 1 MiB", 200, 1 << 20, "http", 1.2, 3),
    Case("large", "1 file of 1 GiB", 1, 1 << 30, "http", 1.4, 1),
    Case("tls", "200 files of 1 MiB over TLS", 200, 1 << 20, "https", 1.15, 3),
]


class Failed(Exception):
    """A program that ended with an error, or left something else than the files."""


def programs(build, case, lists, ca_file):
    """The command line of each, to be run in the folder where its files go; nothing for one that is not installed. All of
    them verify the certificate."""
    n, files, tls = str(CONNECTIONS), str(lists / "urls"), case.scheme == "https"

    def trusting(option):
        return [option, str(ca_file)] if tls else []

    commands = {
        LIMIT: [str(build / "test/bench/bench_download_limit"), files, ".", n] + ([str(ca_file)] if tls else []),
        OURS: [str(build / "example/tandem-get"), "-q", "-i", files, "-d", ".", "-p", n] + trusting("--cacert"),
        # One process, one thread; from a list it can take names only beside the URLs.
        "curl": ["curl", "--disable", "--silent", "--show-error", "--fail", "--parallel", "--parallel-max", n,
                 "--config", str(lists / "curl")] + trusting("--cacert"),
        # A thread for each connection. One of the large file, as several (--chunk-size) took twice as long.
        "wget2": ["wget2", "--no-config", "--quiet", f"--max-threads={n}", "-i", files] + trusting("--ca-certificate"),
        # Four connections for the large file, which was quicker than one; the others are too small to be divided.
        "aria2": ["aria2c", "--no-conf", "--quiet", "--file-allocation=none", "-j", n, "-x", "4", "-s", "4",
                  "-i", files] + trusting("--ca-certificate"),
    }
    if case.count == 1:
        # Takes one URL, and so has no place where there are many files; four connections were quicker than one.
        url = pathlib.Path(files).read_text().strip()
        commands["axel"] = ["axel", "-q", "-n", "4", "-o", url.rsplit("/", 1)[1], url]
    return {who: command if shutil.which(command[0]) else None for who, command in commands.items()}


def make_files(case, folder, lists, url):
    """What is downloaded, no two files the same, and the lists of it."""
    folder.mkdir()
    lists.mkdir()
    names = [f"{number:05}.bin" for number in range(case.count)]
    for name in names:
        with (folder / name).open("wb") as file:
            for begin in range(0, case.size, 1 << 20):
                file.write(os.urandom(min(case.size - begin, 1 << 20)))
    (lists / "urls").write_text("".join(f"{url}/{name}\n" for name in names))
    (lists / "curl").write_text("".join(f'url = "{url}/{name}"\noutput = "{name}"\n' for name in names))


def run(build, command, source, folder, home):
    """Seconds of wall clock and of processor time, and the most bytes resident."""
    folder.mkdir()
    try:
        # Nothing of the user's settings or proxies. A session of its own, all of which ends if this does.
        process = subprocess.Popen([str(build / "test/bench/bench_measure"), *command], cwd=folder,
                                   env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C"},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
        try:
            output, errors = process.communicate(timeout=300)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise Failed("took more than five minutes") from None
            raise
        if process.returncode != 0:
            raise Failed(errors[-400:])
        status, wall, cpu, resident = output.split()
        if status != "0":
            raise Failed(f"exit status {status}: {errors[-400:]}")
        different = subprocess.run(["diff", "-r", "-q", source, folder], capture_output=True, text=True)
        if different.returncode != 0:
            raise Failed(f"other files: {(different.stdout + different.stderr)[:400].strip()}")
        return {"wall": float(wall), "cpu": float(cpu), "resident": int(resident)}
    finally:
        shutil.rmtree(folder)


def measure(case, options, folder, server):
    """Of each program the figures of each round, or the sentence that says why there are none."""
    source, lists, home = folder / "files" / case.name, folder / "lists", folder / "home"
    make_files(case, source, lists, f"{server.urls[case.scheme]}/{case.name}")
    try:
        commands = programs(options.build, case, lists, server.ca_file)
        seen = {who: "not installed" if command is None else [] for who, command in commands.items()}
        everyone = list(commands)
        # The first one does not count: in it a virtual machine may have to be given its memory.
        for number in report.rounds(1 + case.often * options.rounds, case.name):
            first = number % len(everyone)
            for who in everyone[first:] + everyone[:first]:
                if isinstance(seen[who], str):
                    continue
                try:
                    figures = run(options.build, commands[who], source, folder / "out", home)
                    if number > 0:
                        seen[who].append(figures)
                except Failed as failure:
                    seen[who] = f"failed: {failure}"
        return seen
    finally:
        shutil.rmtree(source)
        shutil.rmtree(lists)


def of(figures, what):
    return [figure[what] for figure in figures]


def summarize(case, seen):
    """What a table tells of each program, and whether ours meets its goals."""
    there = {who: figures for who, figures in seen.items() if not isinstance(figures, str)}
    peers = {who: report.median(of(figures, "cpu")) for who, figures in there.items() if who not in (OURS, LIMIT)}
    best = min(peers, key=peers.get, default=None)
    rows = {who: {"times": LIMIT in there and report.ratio(of(figures, "wall"), of(there[LIMIT], "wall")),
                  "cpu": best and report.ratio(of(figures, "cpu"), of(there[best], "cpu")),
                  "resident": max(of(figures, "resident"))} for who, figures in there.items()}
    verdicts = []

    def judge(what, value, goal):
        verdicts.append({"what": what, "value": value, "goal": goal, "met": value <= goal})

    if OURS in rows and LIMIT in rows:
        judge("wall clock, times the limit's", rows[OURS]["times"], case.goal)
    if OURS in rows and best:
        judge("processor time, times that of the peer that takes least", rows[OURS]["cpu"], 1)
    if OURS in rows:
        judge("resident, MB", rows[OURS]["resident"] / 1e6, RESIDENT / 1e6)
    return rows, verdicts


def show(case, seen, rows, verdicts):
    print(f"{case.name}  {case.what}")
    for who, figures in seen.items():
        if who not in rows:
            print(f"    {who:12} {figures}")
            continue
        wall, cpu = of(figures, "wall"), of(figures, "cpu")
        print(f"    {who:12} {report.median(wall):7.3f} s ({min(wall):.3f} to {max(wall):.3f}), "
              f"{rows[who]['times']:5.2f} times the limit's; processor {report.median(cpu):6.3f} s "
              f"({min(cpu):.3f} to {max(cpu):.3f}); resident {rows[who]['resident'] / 1e6:.1f} MB")
    for v in verdicts:
        print(f"    goal: {v['what']}: at most {v['goal']:.3g}: {v['value']:.3g}, {'met' if v['met'] else 'NOT MET'}")
    sys.stdout.flush()


def draw(file, results):
    everyone = list(dict.fromkeys(who for r in results for who in r["rows"] if who != LIMIT))
    lines = []
    for r in results:
        times = (f"{r['rows'][who]['times']:.4g}" if who in r["rows"] else "?" for who in everyone)
        what = r["what"].replace(" of ", "\\nof ").replace(" over ", "\\nover ")
        lines.append(f'"{what}" {r["goal"]} ' + " ".join(times))
    bars = ", ".join(f'$data using {column}:xtic(1) title "{who}"' for column, who in enumerate(everyone, 3))
    report.plot(file, "Downloads from nginx on loopback", "wall clock, times the limit program's",
                f"""set datafile missing "?"
set style data histogram
set style histogram clustered gap 1
set yrange [0:*]
set xtics scale 0
set bmargin 4
plot {bars}, $data using ($0 - 0.45):2:(0.9):(0) with vectors nohead lw 2 lc rgb "black" title "goal\"""", "\n".join(lines))


def write_into(document, results, rounds):
    """Puts the results as tables between the document's two markers."""
    figures = [[r["what"] if who == LIMIT else "", who, f"{row['times']:.2f}", f"{row['cpu']:.2f}", f"{row['resident'] / 1e6:.1f}"]
               for r in results for who, row in r["rows"].items()]
    goals = [[r["what"], v["what"], f"{v['goal']:.3g}", f"{v['value']:.3g}", report.met(v["met"])]
             for r in results for v in r["verdicts"]]
    report.write_between(document, "downloads", [
        f"{len(os.sched_getaffinity(0))} cores, {rounds} rounds, {CONNECTIONS} connections.", "",
        *report.table(["", "", "wall clock, times the limit's", "processor time, times that of the peer that takes least",
                       "resident, MB"], figures), "",
        *report.table(["tandem-get", "what", "goal: at most", "measured", ""], goals)])


def check_space(cases):
    """The files, and once more what one program makes of them; a file system in memory can promise more than there is."""
    needed = max(2 * case.count * case.size for case in cases) + (256 << 20)
    free = os.statvfs(MEMORY)
    available = next(int(line.split()[1]) * 1024 for line in open("/proc/meminfo") if line.startswith("MemAvailable"))
    there = min(free.f_bavail * free.f_frsize, available)
    if there < needed:
        sys.exit(f"{MEMORY} needs {needed >> 20} MiB free and in memory, and has {there >> 20}: {(needed - there) >> 20} are "
                 "missing; --only small needs least")


def end_tidily():
    """Ctrl-C and such end the server and remove the files, and are not heard again while that is done."""
    endings = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number, _):
        for ending in endings:
            signal.signal(ending, signal.SIG_IGN)
        sys.exit(128 + number)

    for ending in endings:
        signal.signal(ending, end)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=[case.name for case in CASES], help="one case")
    parser.add_argument("--document", type=pathlib.Path, help="a text whose table of results is written anew")
    options = parser.parse_args()
    options.build = options.build.resolve()
    cases = [case for case in CASES if options.only in (None, case.name)]
    check_space(cases)
    end_tidily()
    results = []
    with tempfile.TemporaryDirectory(prefix="tandem-downloads-", dir=MEMORY) as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # nginx's worker is another user where this one is root
        for part in ("server", "files", "home"):
            (folder / part).mkdir()
        with WebServer(folder / "server", folder / "files") as server:
            for case in cases:
                seen = measure(case, options, folder, server)
                rows, verdicts = summarize(case, seen)
                show(case, seen, rows, verdicts)
                results.append(case._asdict() | {"seen": seen, "rows": rows, "verdicts": verdicts})
    (options.build / "download.json").write_text(json.dumps({"rounds": options.rounds, "results": results}, indent=1))
    if any(who not in r["rows"] for r in results for who in (OURS, LIMIT)):
        sys.exit("what is measured did not take part in everything")
    if options.document and not options.only:
        charts = options.document.parent / "charts"
        charts.mkdir(exist_ok=True)
        draw(charts / "downloads.svg", results)
        write_into(options.document, results, options.rounds)


if __name__ == "__main__":
    main()
