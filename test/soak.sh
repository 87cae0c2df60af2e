#!/bin/sh
# sh test/soak.sh [TASKS [SEED]]: installs what is needed, builds, and runs so many tasks (1,000,000 by default) on
# workers that are killed every few milliseconds. PRESET=asan for another build than release.
set -eu
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/support/build.sh"
build_test "${PRESET:-release}" test_soak
[ $# != 0 ] || set -- 1000000
exec "$root/test/support/guard.sh" "$root/build/$preset/test/faults/test_soak" "$@"
