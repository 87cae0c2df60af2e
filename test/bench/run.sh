#!/bin/sh
# sh test/bench/run.sh [--rounds N] [--only S2]: installs what is needed, builds, measures tandem beside what it is to be compared
# with, all in one run, prints ratios beside the goals, and writes them and charts into doc/. BS::thread_pool and Taskflow take
# part where TANDEM_BENCHMARK_PEERS has the folders of their headers, separated by semicolons.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
. "$root/cmake/packages.sh"
node=
command -v npm >/dev/null || node="nodejs npm"
# shellcheck disable=SC2086
install_build_packages -- util-linux procps python3 python3-joblib libtbb-dev libbenchmark-dev valgrind gnuplot-nox $node
cd "$root"
build=build/bench
say "building"
mkdir -p build
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTANDEM_BUILD_BENCHMARKS=ON -DTANDEM_BUILD_TESTS=OFF \
    -DTANDEM_BUILD_EXAMPLES=OFF -DTANDEM_HTTP=OFF -DTANDEM_BENCHMARK_PEERS="${TANDEM_BENCHMARK_PEERS:-}" >"build/bench.log" 2>&1 || { cat build/bench.log; exit 1; }
cmake --build "$build" --parallel 2 --target bench_tandem bench_limits bench_threads bench_paths
cp test/bench/*.mjs "$build/test/bench"
npm install --prefix "$build/test/bench" --silent piscina >"build/npm.log" 2>&1 || say "no piscina here: see build/npm.log"
# The system's own, for which its packages are.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" -B test/bench/run.py "$build/test/bench" --document doc/performance.md "$@"
