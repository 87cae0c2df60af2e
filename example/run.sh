#!/bin/sh
# sh example/run.sh [ARGUMENTS]: installs what is needed, builds, and runs tandem-get with the arguments; without any, its
# demonstration, which needs no network.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/packages.sh"

[ $# -gt 0 ] || set -- --demo
install_build_packages --
build=$root/build/example
mkdir -p "$root/build"
say "building (a minute or two the first time)"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTANDEM_BUILD_TESTS=OFF >"$build.log" 2>&1 ||
    { cat "$build.log"; exit 1; }
cmake --build "$build" --target tandem-get --parallel 2 | tail -n 1
say "running tandem-get $*"
exec "$build/example/tandem-get" "$@"
