#!/bin/sh
# sh test/bench/download.sh [--rounds N] [--only small|medium|large|tls]: installs what is needed, builds, and measures tandem-get
# beside curl, aria2, wget2, axel and a limit program, all in one run; prints ratios beside the goals, and writes them and a
# chart into doc/. Needs 2.3 GiB of memory, in /dev/shm.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
. "$root/cmake/packages.sh"
install_build_packages -- nginx-light curl aria2 wget2 axel openssl diffutils python3 gnuplot-nox
cd "$root"
build=build/downloads
say "building"
mkdir -p build
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTANDEM_BUILD_BENCHMARKS=ON -DTANDEM_BUILD_TESTS=OFF \
    >"build/downloads.log" 2>&1 || { cat build/downloads.log; exit 1; }
cmake --build "$build" --parallel 2 --target tandem-get bench_download_limit bench_measure
# Debian's nginx is where only root has it in the path.
PATH=$PATH:/usr/sbin
export PATH
exec python3 -B test/bench/download.py "$build" --document doc/performance.md "$@"
