#!/bin/sh
# sh test/faults.sh [PRESET [ARGUMENTS]]: installs what is needed, builds, and attacks every promise of the process pool;
# prints what held and what did not. PRESET is release (the default), debug, asan or tsan. ARGUMENTS as in
# test/faults/main.cpp, such as: --only SIGKILL.
set -eu
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/support/build.sh"
build_test "${1:-release}" test_faults
[ $# = 0 ] || shift
exec "$root/test/support/guard.sh" "$root/build/$preset/test/faults/test_faults" "$@"
