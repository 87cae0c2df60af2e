#!/bin/sh
# sh test/simulate.sh [SEEDS]: installs what is needed, builds, and runs so many random orders of events (100,000 by default),
# shared by the scenarios, and all orders to a small depth. What goes wrong is told with its seed, and shortened.
# PRESET=asan for another build than release.
set -eu
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/support/build.sh"
build_test "${PRESET:-release}" simulators
seeds=${1:-100000}
programs=$root/build/$preset/test/simulate
parts=$(nproc)
begin=$(date +%s)
for program in simulate simulate_list; do
    "$programs/$program" scenarios >"$programs/scenarios"
    while read -r scenario share; do
        say "simulating $scenario"
        each=$(((seeds * share / 100 + parts - 1) / parts))
        seq 0 $((parts - 1)) | xargs -P "$parts" -I{} sh -c '"$0" "$1" "$2" $((1 + $3 * $2))' \
            "$programs/$program" "$scenario" "$each" {}
    done <"$programs/scenarios"
done
say "simulating all orders"
"$programs/simulate" small_pool all 8
say "simulated in $(($(date +%s) - begin)) s"
