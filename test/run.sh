#!/bin/sh
# sh test/run.sh [PRESET [CTEST_ARGUMENTS]]: installs what is needed, builds, and runs every test.
# PRESET is release (the default), debug, asan or tsan.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/packages.sh"
preset=${1:-release}
[ $# = 0 ] || shift

install_build_packages test -- util-linux procps openssl nginx-light
cd "$root"
say "configuring the preset $preset"
mkdir -p build
cmake --preset "$preset" >"build/$preset.log" 2>&1 || { cat "build/$preset.log"; exit 1; }
say "building"
begin=$(date +%s)
cmake --build --preset "$preset"
built=$(date +%s)
say "built $preset in $((built - begin)) s; testing"
status=0
ctest --preset "$preset" --parallel 2 "$@" || status=$?
say "tested $preset in $(($(date +%s) - built)) s"
exit $status
