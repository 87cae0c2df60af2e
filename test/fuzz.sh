#!/bin/sh
# sh test/fuzz.sh [SECONDS]: fuzzes what comes over a worker's pipes and from a web server for SECONDS in all, 60 where none are given.
# Needs Clang, which it installs. What is found is below build/fuzz/found; the checkout stays as it is.
#
# What was found is added to the corpus, as far as it reaches something new, by
#   build/fuzz/test/fuzz/fuzz_TARGET -merge=1 build/fuzz/corpus/TARGET build/fuzz/found/TARGET
# and the valid inputs are made again, when the protocol or an encoding has changed, by
#   build/fuzz/test/fuzz/fuzz_seeds build/fuzz/corpus
# each before
#   sh test/fuzz/corpus.sh pack TARGET build/fuzz/corpus/TARGET
set -eu
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/support/build.sh"
seconds=${1:-60}
targets='frames pool_side worker_side codec http_response http_url'

# fuzz TARGET SECONDS: one line on what came of it; false where something was found.
fuzz() {
    found=build/fuzz/found/$1
    log=$found.log
    mkdir -p "$found"
    rm -f "$found-"*
    test/fuzz/corpus.sh unpack "$1" "build/fuzz/corpus/$1"
    status=0
    "build/fuzz/test/fuzz/fuzz_$1" -max_total_time="$2" -max_len=8192 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$found-" "$found" "build/fuzz/corpus/$1" >"$log" 2>&1 || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    crashes=$(find build/fuzz/found -path "$found-*" -type f | wc -l)
    printf '%-12s %9s executions, %6s edges covered, %s crashes\n' "$1" "${runs:-no}" "${coverage:-no}" "$crashes"
    [ "$status" != 0 ] || return 0
    for input in "$found-"*; do
        if [ -f "$input" ]; then echo "    build/fuzz/test/fuzz/fuzz_$1 $input"; fi
    done
    grep -E '^does not hold|runtime error|ERROR: ' "$log" || tail -n 20 "$log"
    return 1
}

build_test fuzz all
say "fuzzing"
mkdir -p build/fuzz/found
# Two at a time, so that each has half of the time of both.
# shellcheck disable=SC2086
set -- $targets
share=$(((seconds * 2 + $# - 1) / $#))
failed=0
while [ $# != 0 ]; do
    fuzz "$1" "$share" &
    first=$!
    shift
    if [ $# != 0 ]; then
        fuzz "$1" "$share" || failed=1
        shift
    fi
    wait "$first" || failed=1
done
exit $failed
