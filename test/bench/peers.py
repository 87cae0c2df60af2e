"""python3 peers.py SCENARIO ...: the same as bench_tandem, with CPython's ProcessPoolExecutor. Prints one number."""
import collections
import concurrent.futures
import sys
import time


def nothing(x):
    return x


def stream(pool, workers, outstanding, count, submit=None):
    submit = submit or (lambda: pool.submit(nothing, 1))
    for _ in range(4 * workers):
        submit().result()
    begin = time.perf_counter()
    waiting = collections.deque()
    for _ in range(count):
        if len(waiting) == outstanding:
            waiting.popleft().result()
        waiting.append(submit())
    for future in waiting:
        future.result()
    return (time.perf_counter() - begin) / count


def small(workers, outstanding, count):
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        return stream(pool, workers, outstanding, count)


def mapped(workers, chunk, count):
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        list(pool.map(nothing, range(4 * workers)))
        items = [7] * count
        begin = time.perf_counter()
        results = list(pool.map(nothing, items, chunksize=chunk))
        seconds = time.perf_counter() - begin
        assert len(results) == count
        return seconds / count


def large(workers, make, count):
    """Bytes a second of values of 8 MiB, one after the other."""
    size = 8 << 20
    value = bytes(size)
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        for i in range(-4, count):
            if i == 0:
                begin = time.perf_counter()
            pool.submit(*((bytes, size) if make else (len, value))).result()
        return count * size / (time.perf_counter() - begin)


def medium(workers, outstanding, count, size):
    """Seconds for that many arguments of so many bytes."""
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        return stream(pool, workers, outstanding, count, lambda: pool.submit(len, bytes(size))) * count


def loky(workers, outstanding, count):
    from joblib.externals.loky import ProcessPoolExecutor
    with ProcessPoolExecutor(workers) as pool:
        return stream(pool, workers, outstanding, count)


if __name__ == "__main__":
    print({"small": small, "map": mapped, "large": large, "medium": medium, "loky": loky}[sys.argv[1]](*map(int, sys.argv[2:])))
