"""What is measured: the rows of the report, each with the programs that take part and the goals."""
import dataclasses
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
CORES = len(os.sched_getaffinity(0))


@dataclasses.dataclass
class Row:
    """The programs are by name, ours is the first, and each prints a number. Of the goals, (who, factor): ours is to be factor
    times as quick; (who + ", of"): of what is counted a second, factor times as much; (who + ", at most"): that one of our
    own is to be at most factor times ours; "at least", "at most": ours itself; "each at least", "each at most": all of them.
    None where there is no goal.

    In a sweep the programs are one of ours with growing work, and no step from one to the next is to be larger than `step`,
    either way. A `rate` is so much a second: no step down is to be larger, and what is drawn is the time of one. Where it has a
    chart, that is the file's name, and the chart's title, unit, and factor from what is measured to the unit. `rounds`: of what takes
    minutes, so many at the most."""
    name: str
    what: str
    programs: dict
    goals: list = dataclasses.field(default_factory=list)
    step: float = None
    rate: bool = False
    chart: tuple = None
    rounds: int = None


class Programs:
    def __init__(self, build):
        self.ours, self.limits, self.threads = (str(build / name) for name in ("bench_tandem", "bench_limits", "bench_threads"))
        self.python = [sys.executable, str(HERE / "peers.py")]
        self.node = ["node", str(build / "peers.mjs")]
        self.compiler = [sys.executable, str(HERE / "compile.py")]


def tasks(p):
    return [
        Row("S1", "round trip of one no-op task, one idle worker, s",
            {"tandem": [p.ours, "small", 1, 1, 20000], "raw pipes": [p.limits, "pingpong", 20000],
             "CPython": p.python + ["small", 1, 1, 2000]},
            [("raw pipes", 1 / 1.15), ("CPython", 4)]),
        Row("S1", "processor time of the same, of both sides, s",
            {"tandem": [p.ours, "cpu", 1, 1, 50000], "raw pipes": [p.limits, "cpu", 50000]}, [("raw pipes", None)]),
        Row("S2", "no-op tasks, 10,000 outstanding, 2 workers, s each",
            {"tandem": [p.ours, "small", 2, 10000, 2000000], "bare engine": [p.limits, "engine", 2, 512, 4000000],
             "CPython": p.python + ["small", 2, 10000, 20000], "loky": p.python + ["loky", 2, 10000, 20000],
             "piscina": p.node + ["small", 2, 10000, 50000]},
            [("bare engine", 1 / 3), ("CPython", 200), ("piscina", 30)]),
        Row("S3", "a map of a no-op over 1,000,000 items, 2 workers, s each",
            {"tandem": [p.ours, "map", 2, 0, 1000000], "CPython, chunks of 1,000": p.python + ["map", 2, 1000, 1000000]},
            [("CPython, chunks of 1,000", 4)]),
        Row("S5", f"tasks of 10 ms on {CORES} cores, times as fast as serial",
            {"tandem": [p.ours, "computing", CORES, 0, 100 * CORES]}, [("at least", 0.97 * CORES)]),
        Row("S6", "a thousand tasks of 1 ms behind one of 500 ms, times the best schedule",
            {"tandem": [p.ours, "mixed", 2]}, [("at most", 1.1)]),
        Row("S7", "first result of a new pool, s; and with 4 GiB resident",
            {"tandem": [p.ours, "first", 1, 0, 0], "with 4 GiB": [p.ours, "first", 1, 0, 1]},
            [("at most", 0.015), ("with 4 GiB, at most", 1.2)]),
        Row("S8", "bytes of a queued task, 1,000,000 of them",
            {"tandem": [p.ours, "queued", 2, 0, 1000000]}, [("at most", 400)]),
        Row("S8", "private memory of a worker, bytes",
            {"tandem": [p.ours, "worker", 1, 0, 100000]}, [("at most", 4 << 20)]),
        Row("S11", "processor time to compile a program with both pools and a coroutine, s",
            {"tandem": p.compiler + ["pools.cpp"], "boost/asio.hpp alone": p.compiler + ["asio.cpp"]},
            [("boost/asio.hpp alone", 1 / 1.25)]),
    ]


def queues(p):
    endings = ("expire", "cancel", "shutdown")
    return [
        Row("S10", "no-op tasks, 2 workers, s each; with 1,000 outstanding, and with up to 1,000,000",
            {f"{n:,}": [p.ours, "small", 2, n, 2000000] for n in (1000, 10_000, 100_000, 1_000_000)},
            [(f"{n:,}, at most", 1.2) for n in (10_000, 100_000, 1_000_000)],
            chart=("growing_work", "Cost of a task as more are outstanding", "ns", 1e9)),
        Row("S10", "no-op tasks, 10,000 outstanding, s each; 1 worker, and up to 64",
            {f"{n}": [p.ours, "small", n, 10000, 1000000] for n in (1, 2, 4, 8, 16, 32, 64)}, step=1.5,
            chart=("growing_pool", "Cost of a task as there are more workers", "ns", 1e9)),
        Row("S12", "processor time of the pool's process for a no-op task, 10,000 outstanding, s; 4 workers, and up to 64",
            {"tandem": [p.ours, "own-cpu", 4, 10000, 1000000]} |
            {f"{n} workers": [p.ours, "own-cpu", n, 10000, 1000000] for n in (16, 64)},
            [(f"{n} workers, at most", 2) for n in (16, 64)]),
        Row("S12", "the same for a call that comes alone; one idle worker, and 64",
            {"tandem": [p.ours, "own-cpu-alone", 1, 1, 1000], "64 workers": [p.ours, "own-cpu-alone", 64, 1, 1000]},
            [("64 workers, at most", 2)]),
        Row("S14", "longest delay of another timer while 1,000,000 waiting tasks end, s",
            {way: [p.ours, "delay-by-ending", 2, 0, 1000000, 0, way] for way in endings}, [("each at most", 0.005)]),
        Row("S14", "what one of these takes, s", {way: [p.ours, "each-ending", 2, 0, 1000000, 0, way] for way in endings},
            [("each at most", 0.5e-6)]),
        Row("S14", "one of 100,000 waiting tasks, cancelled by a slot of its own, the oldest first and the newest first, s",
            {age: [p.ours, "each-cancelled", 2, 0, 100000, 0, age] for age in ("oldest", "newest")}, step=1.2),
        Row("S14", "longest delay of another timer while 64 workers start, s",
            {"tandem": [p.ours, "delay-by-starting", 64]}, [("at most", 0.005)]),
        Row("S14", "first result of a new pool of 64 workers, with a task for each, s",
            {"tandem": [p.ours, "first-of-many", 64]}, [("at most", 0.010)]),
        Row("S14", "no-op tasks, 100,000 outstanding, 2 workers, s each; of one priority, and each of its own",
            {name: [p.ours, "priorities", 2, 100000, 1000000, 0, name] for name in ("plain", "falling", "scattered")},
            [("falling, at most", 2.5), ("scattered, at most", 2.5)]),
    ]


def settings(p):
    def pool(workers, outstanding, count, names):
        return {name: [p.ours, "settings", workers, outstanding, count, 0, name] for name in names}

    alone = ["retire.tasks", "retire.age", "retire.idle", "retire.resident_memory", "limits.address_space",
             "limits.resident_memory", "limits.cpu_time", "discard"]
    return [
        Row("S16", "no-op tasks, 10,000 outstanding, 2 workers, s each; with settings that they do not use, and all of these",
            pool(2, 10000, 500000, ["plain"] + alone + ["all", "lines"]),
            [(f"{name}, at most", 1.5) for name in alone + ["all"]] + [("lines, at most", 3)]),
        Row("S16", "the same, one after the other, one worker",
            pool(1, 1, 20000, ["plain"] + alone[3:7] + ["all"]), [(f"{name}, at most", 1.5) for name in alone[3:7] + ["all"]]),
    ]


def bursts(p):
    """Many calls at once, with what makes each of them dearer."""
    sizes = (16, 32, 96, 192)
    options = ("run_timeout", "queue_timeout", "retries", "retire.tasks", "limits.cpu_time")
    return [
        Row("S3b", f"a no-op with {option} as an element of a map, 2 workers, s each",
            {"tandem": [p.ours, "option", 2, 0, 1000000, 0, "map-" + option],
             "by itself": [p.ours, "option", 2, 1000, 300000, 0, option]}, [("by itself", 1 / 0.2)])
        for option in options
    ] + [
        Row("S5b", f"tasks of {us} us on {CORES} cores, 1,000 outstanding, and as a map: of the ideal",
            {"one by one": [p.ours, "short", CORES, 1000, CORES * 500000 // us, us],
             "map": [p.ours, "short", CORES, 1000, CORES * 500000 // us, us, "map"]}, [("each at least", goal)])
        for us, goal in ((10, 0.9), (30, 0.95), (100, 0.95))
    ] + [
        Row("S13", f"2,000 arguments of {kb} kB, 2 workers, all at once, s",
            {"tandem": [p.ours, "medium", 2, 0, 2000, kb * 1000], "CPython": p.python + ["medium", 2, 2000, 2000, kb * 1000]},
            [("CPython", 1.5)])
        for kb in sizes
    ] + [
        Row("S13", f"the same, {kb} kB, 16 and 1,000 outstanding",
            {f"{n:,}": [p.ours, "medium", 2, n, 2000, kb * 1000] for n in (16, 1000)}, step=1.3)
        for kb in sizes
    ] + [
        Row("S13", f"2,000 arguments, 2 workers, all at once: {what}, times the data",
            {f"{kb} kB": [p.ours, "medium", 2, 0, 2000, kb * 1000, option] for kb in sizes}, [("each at most", goal)])
        for option, what, goal in (("written", "bytes written", 1.05), ("resident", "peak of resident memory", 1.3))
    ]


def rates(p):
    return [
        Row("S17", "no-op tasks, 5,000 a second, beside a process for each of 2 processors that uses it: 99th percentile of a round trip, s",
            {"tandem": [p.ours, "rate-p99", 1, 5000, 15000, 2], "raw pipes": [p.limits, "rate-p99", 5000, 15000, 2]},
            [("raw pipes", 1 / 3)]),
    ] + [
        Row("S18", f"processor time of a no-op task, {rate:,} a second, of all processes, s; 1 worker, and 16",
            {"tandem": [p.ours, "rate-cpu", 1, rate, 2 * rate], "16 workers": [p.ours, "rate-cpu", 16, rate, 2 * rate],
             "raw pipes": [p.limits, "rate-cpu", rate, 2 * rate]},
            [("raw pipes", 1 / 1.3), ("16 workers, at most", 1.3)])
        for rate in (100, 1000)
    ]


def name_of(size):
    """Of so many bytes: in B, KiB or MiB."""
    unit = next(unit for unit in (1 << 20, 1 << 10, 1) if size >= unit)
    return f"{size // unit} {dict(zip((1, 1 << 10, 1 << 20), ('B', 'KiB', 'MiB')))[unit]}"


def sized(p, way, outstanding, size):
    """Bytes a second of values of that size."""
    return [p.ours, way, 1, outstanding, max(min(20000, (300 << 20) // size), 10 + 3 * outstanding), size]


def sizes(p):
    sweep = [1 << i for i in range(4, 27)]
    return [
        Row("S4b", f"a std::vector as {what}, {outstanding} outstanding, bytes a second; 16 B, and up to 64 MiB",
            {name_of(size): sized(p, way, outstanding, size) for size in sweep if outstanding * size <= 512 << 20},
            step=1.5, rate=True,
            chart=(f"value_sizes_{way}_{outstanding}", f"std::vector as {what}, {outstanding} outstanding", "ns a byte", 1e9))
        for way, what in (("argument", "an argument"), ("result", "a result")) for outstanding in (1, 8, 64)
    ] + [
        Row("S4b", f"a std::vector of 128 KiB as {what}, 8 outstanding, bytes a second; and of 1 MiB",
            {"128 KiB": sized(p, way, 8, 128 << 10), "1 MiB": sized(p, way, 8, 1 << 20)}, [("1 MiB, of", 0.7)])
        for way, what in (("argument", "an argument"), ("result", "a result"))
    ]


def codec(p):
    def times(*containers):
        return {what: [p.ours, "codec", 1, 1, 90, 10000, what] for what in containers}

    return [
        Row("S19", "encoding and decoding 10,000 elements, times a copy",
            times("vector<double>", "vector<pair>", "deque<double>", "deque<pair>", "list<double>", "map", "unordered_map",
                  "vector<string>", "vector<vector>", "vector<struct>", "vector<serialized>", "vector<unique_ptr>"),
            [("each at most", 5)]),
        Row("S19", "the same of what has to be looked at one by one, times a copy", times("vector<shared_ptr>", "vector<optional>"),
            [("each at most", 15)]),
    ]


def memory(p):
    return [
        Row("S20", "bytes that a side has more after large values, there and back",
            {"300 MB of text": [p.ours, "kept-memory", 1, 1, 1, 300_000_000, "texts"],
             "300 MB of a map": [p.ours, "kept-memory", 1, 1, 1, 300_000_000, "table"],
             "300 MB of numbers": [p.ours, "kept-memory", 1, 1, 1, 300_000_000, "numbers"],
             "an exception of 100 MB": [p.ours, "kept-memory", 1, 1, 1, 100_000_000, "exception"]},
            [("each at most", 16 << 20)]),
        Row("S20", "the same after 64 vectors of 8 MiB at once; 64 MiB of shared memory are kept on purpose",
            {"tandem": [p.ours, "kept-memory", 1, 1, 64, 8 << 20, "numbers"]}, [("at most", 80 << 20)]),
        # To lose one result in a hundred would be some 100 MiB a minute. What is kept of shared memory comes in steps.
        Row("S20", "growth of all processes' memory with mixed results, three quarters of them unwanted, bytes a minute",
            {"tandem": [p.ours, "memory-slope", 2, 16, 240]}, [("at most", 16 << 20)], rounds=1),
    ]


def values(p):
    large = "8 MiB, one after the other, bytes a second: "
    return [
        Row("S4", large + "std::vector as an argument",
            {"tandem": [p.ours, "argument", 1, 0, 200], "two memcpy": [p.limits, "memory", 2, 200],
             "CPython": p.python + ["large", 1, 0, 20]},
            [("two memcpy, of", 0.7), ("CPython, of", 20)]),
        Row("S4", large + "std::span as an argument",
            {"tandem": [p.ours, "view", 1, 0, 200], "one memcpy": [p.limits, "memory", 1, 200],
             "CPython": p.python + ["large", 1, 0, 20]},
            [("one memcpy, of", 0.7), ("CPython, of", 20)]),
        Row("S4", large + "std::vector as a result",
            {"tandem": [p.ours, "result", 1, 0, 200], "two memcpy": [p.limits, "memory", 2, 200],
             "CPython": p.python + ["large", 1, 1, 20]},
            [("two memcpy, of", 0.7), ("CPython, of", 20)]),
    ]


def thread_pools(p):
    def with_option(option):
        return [p.ours, "thread-options", 2, 1000, 300000, 1, option]

    return [
        Row("S9", "async_run of nothing on 2 threads, 1,000 outstanding, s each",
            {"tandem": [p.ours, "thread-run", 2, 1000, 2000000], "asio::post": [p.ours, "thread-post", 2, 1000, 2000000]},
            [("asio::post", 1 / 1.15)]),
        Row("S9", "a map over 1,000,000 elements on 2 threads, s each",
            {"tandem": [p.ours, "thread-map", 2, 0, 1000000]} |
            {name: [p.threads, short, 2, 1000000]
             for name, short in (("BS::thread_pool", "bs"), ("Taskflow", "taskflow"), ("oneTBB", "tbb"))},
            [("BS::thread_pool", 1), ("Taskflow", 1), ("oneTBB", 1)]),
        Row("S9b", "a map over 1,000,000 elements on 2 threads, s each; with default options, and with others",
            {option: [p.ours, "thread-map-options", 2, 0, 1000000, 0, option] for option in ("none", "label", "priority")},
            [("label, at most", 1.5), ("priority, at most", 1.5)]),
        Row("S9b", "work of 100 us in a map over 1,000 elements on 2 threads, s each; with default options, and with others",
            {option: [p.ours, "thread-map-options", 2, 0, 1000, 100, option]
             for option in ("none", "label", "run_timeout", "retries", "in_flight")}, step=1.5),
        Row("S15", "async_run of nothing on 2 threads, 1,000 outstanding, s each; with a label, and with limits",
            {"a label": with_option("label")} |
            {name: with_option(option)
             for name, option in (("run_timeout", "run_timeout"), ("queue_timeout", "queue_timeout"), ("both", "both"),
                                  ("one end of all", "deadline"), ("each earlier", "shrinking"), ("retries", "retries"))},
            [(f"{name}, at most", 2)
             for name in ("run_timeout", "queue_timeout", "both", "one end of all", "each earlier", "retries")]),
        Row("S15", "the same with a run_timeout; 2 threads, and up to 8",
            {f"{n}": [p.ours, "thread-options", n, 1000, 300000, 1, "run_timeout"] for n in (2, 4, 8)}, step=1.5),
        Row("S15", "async_run of nothing on 2 threads, 1,000 outstanding, s each; and when one has had a priority",
            {"plain": with_option("none"), "one had a priority": with_option("once-priority")},
            [("one had a priority, at most", 1.2)]),
        Row("S15", "the same with 100,000 outstanding and a priority; all have one, and up to 100,000",
            {"a label": [p.ours, "thread-options", 2, 100000, 300000, 1, "label"]} |
            {f"{n:,}": [p.ours, "thread-options", 2, 100000, 300000, n, "priorities"] for n in (1, 1000, 100_000)},
            [("100,000, at most", 2.5)]),
        Row("S15", "to cancel one of 100,000 that are queued, s; the oldest first, and the newest first",
            {order: [p.ours, "thread-cancel", 1, 0, 100000, 0, order] for order in ("oldest", "newest")}, step=1.2),
        Row("S15", "processor time to end one of those that are queued, s, when the pool stops; 10,000, and up to 1,000,000",
            {f"{n:,}": [p.ours, "thread-end", 1, 0, n, 0, "each-stop"] for n in (10_000, 100_000, 1_000_000)}, step=1.5),
        Row("S15", "the longest that stats() takes while the pool stops with 1,000,000 queued, s; and while they expire",
            {option: [p.ours, "thread-end", 1, 0, 1000000, 0, option] for option in ("stop", "expire")},
            [("each at most", 0.01)]),
    ]


def all_of(build):
    p = Programs(build)
    return (tasks(p) + queues(p) + settings(p) + bursts(p) + rates(p) + values(p) + sizes(p) + codec(p) + memory(p) +
            thread_pools(p))
