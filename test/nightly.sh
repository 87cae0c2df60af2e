#!/bin/sh
# sh test/nightly.sh [SEEDS]: what takes too long for every change: ten million random orders of events, and a look whether
# the simulator finds the faults that it is there for.
set -eu
cd "$(dirname -- "$0")"
sh simulate.sh "${1:-10000000}"
sh simulated_faults.sh
