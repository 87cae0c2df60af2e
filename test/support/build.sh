# Builds one test program, or all; sourced by test/faults.sh, test/load.sh and test/soak.sh.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/packages.sh"

# build_test PRESET TARGET: sets $preset.
build_test() {
    preset=$1
    install_build_packages test -- util-linux procps
    cd "$root"
    say "configuring the preset $preset"
    mkdir -p build
    cmake --preset "$preset" >"build/$preset.log" 2>&1 || { cat "build/$preset.log"; exit 1; }
    say "building"
    cmake --build --preset "$preset" --target "$2"
    export TSAN_OPTIONS="suppressions=$root/test/support/tsan.supp"
}
