# Builds one test program, or all; sourced by test/run.sh, test/faults.sh, test/fuzz.sh, test/load.sh and test/soak.sh.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/packages.sh"

# What the presets with sanitizers need besides. The sanitizers' and libFuzzer's own library is a package apart, under the
# compiler's version; llvm has what names the functions in a report.
install_clang() {
    command -v apt-get >/dev/null || return 0
    install_packages clang llvm
    runtime=libclang-rt-$(clang -dumpversion | sed 's/\..*//')-dev
    if is_packaged "$runtime"; then install_packages "$runtime"; fi
}

# build_test PRESET TARGET: sets $preset.
build_test() {
    preset=$1
    install_build_packages test -- util-linux procps openssl nginx-light
    case $preset in asan | tsan | fuzz) install_clang ;; esac
    cd "$root"
    say "configuring the preset $preset"
    mkdir -p build
    cmake --preset "$preset" >"build/$preset.log" 2>&1 || { cat "build/$preset.log"; exit 1; }
    say "building"
    begin=$(date +%s)
    cmake --build --preset "$preset" --target "$2"
    say "built $preset in $(($(date +%s) - begin)) s"
    export TSAN_OPTIONS="suppressions=$root/test/support/tsan.supp"
}
