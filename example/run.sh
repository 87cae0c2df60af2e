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
if [ -x "$build/example/tandem-get" ]; then
    say "building what has changed"
else
    # Two minutes of processor time; the longest file takes half a minute.
    cores=$(nproc)
    say "building: about $((120 / cores > 40 ? 120 / cores : 40)) seconds on the $cores processors here"
fi
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTANDEM_BUILD_TESTS=OFF >"$build.log" 2>&1 ||
    { cat "$build.log"; exit 1; }
NINJA_STATUS='   %f of %t, after %e s: ' cmake --build "$build" --target tandem-get --parallel "$(nproc)"
say "running tandem-get $*"
exec "$build/example/tandem-get" "$@"
