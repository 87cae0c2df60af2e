#!/bin/sh
# sh test/load.sh [TIMES [CTEST_ARGUMENTS]]: builds, and runs every test so many times in a row (10 by default) while four
# other processes take the processors: a test whose time limit is made for an idle machine fails here.
# PRESET=asan for another build than release.
set -eu
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/support/build.sh"
build_test "${PRESET:-release}" all
install_packages stress-ng
times=${1:-10}
[ $# = 0 ] || shift
stress-ng --cpu 4 --quiet &
load=$!
trap 'kill "$load"' EXIT
say "testing $times times under load"
ctest --preset "$preset" --parallel 4 --repeat "until-fail:$times" "$@"
