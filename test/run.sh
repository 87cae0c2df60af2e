#!/bin/sh
# sh test/run.sh [PRESET [CTEST_ARGUMENTS]]: installs what is needed, builds, and runs every test.
# PRESET is release (the default), debug, asan or tsan.
set -eu
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/support/build.sh"
build_test "${1:-release}" all
[ $# = 0 ] || shift
say "testing" # three at once on two processors: many a test waits
begin=$(date +%s)
status=0
ctest --preset "$preset" --parallel 3 "$@" || status=$?
say "tested $preset in $(($(date +%s) - begin)) s"
exit $status
