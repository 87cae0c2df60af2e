#!/bin/sh
# sh test/simulated_faults.sh [FAULT...]: puts each fault of test/simulate/faults back, one by one, in a copy of the sources,
# and looks whether the simulator finds it within a minute. Fails where one is not found.
set -eu
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/support/build.sh"
build_test release simulators
copy=$root/build/faulty
rm -rf "$copy"
mkdir -p "$copy"
(cd "$root" && tar cf - CMakeLists.txt CMakePresets.json cmake include src test example LICENSE) | tar xf - -C "$copy"
cd "$copy"
cmake --preset release >"$root/build/faulty.log" 2>&1 || { cat "$root/build/faulty.log"; exit 1; }
found=0
missed=
[ $# != 0 ] || set -- $(cd "$root/test/simulate/faults" && ls | sed 's/\.patch$//')
for fault in "$@"; do
    patch=$root/test/simulate/faults/$fault.patch
    scenario=$(sed -n 's/^Scenario: //p' "$patch")
    case $scenario in list) program=simulate_list ;; *) program=simulate ;; esac
    if ! patch -s -p1 --dry-run <"$patch" >"$root/build/faulty.log"; then
        missed="$missed $fault"
        printf '%s: the patch does not apply any more\n' "$fault"
        continue
    fi
    patch -s -p1 <"$patch"
    if cmake --build --preset release --target "$program" >"$root/build/faulty.log" 2>&1; then
        begin=$(date +%s)
        status=0
        said=$(timeout 60 "build/release/test/simulate/$program" "$scenario" 100000000) || status=$?
    else
        cat "$root/build/faulty.log"
        status=build
    fi
    patch -s -R -p1 <"$patch"
    if [ "$status" = 1 ]; then
        found=$((found + 1))
        printf '%s: found in %s s\n  %s\n  %s\n' "$fault" $(($(date +%s) - begin)) "$(sed -n 1p "$patch")" \
            "$(printf '%s\n' "$said" | sed -n 1p)"
    else
        missed="$missed $fault"
        printf '%s: NOT FOUND (%s)\n' "$fault" "$status"
    fi
done
say "$found of $# faults were found"
[ -z "$missed" ] || { say "not found:$missed"; exit 1; }
