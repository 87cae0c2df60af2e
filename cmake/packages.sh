# What a fresh Debian or Ubuntu needs to build tandem; sourced by example/run.sh and test/run.sh.
# Installs what is missing, and nothing (not even asks apt) where everything is there.

say() { printf '== %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else say "this needs root, or sudo: $*"; return 1
    fi
}

is_installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

is_packaged() { apt-cache show "$1" 2>/dev/null | grep -q '^Package:'; }

# boost_version: the newest packaged Boost that is 1.81 or newer, such as 1.81; the one installed, if there is one.
boost_version() {
    {
        dpkg-query -W -f '${Status} ${Package}\n' 'libboost1.*-dev' 2>/dev/null |
            sed -n 's/^install ok installed libboost\(1\.[0-9]*\)-dev$/2 \1/p'
        apt-cache pkgnames libboost1. 2>/dev/null | sed -n 's/^libboost\(1\.[0-9]*\)-dev$/1 \1/p'
    } | awk '{ split($2, v, "."); if (v[2] >= 81) print $1, v[2] }' | sort -k1,1nr -k2,2nr | sed -n '1s/^. /1./p'
}

# boost_packages VERSION LIBRARY...: their names; libraries that a version does not package are left out.
boost_packages() {
    version=$1
    shift
    echo "libboost$version-dev"
    for library in "$@"; do
        name=libboost-$library$version-dev
        if is_installed "$name" || is_packaged "$name"; then echo "$name"; fi
    done
}

# install_packages PACKAGE...
install_packages() {
    missing=
    for package in "$@"; do
        is_installed "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "installing:$missing"
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/tmp/tandem-apt.$$ 2>&1 ||
        { cat /tmp/tandem-apt.$$; rm -f /tmp/tandem-apt.$$; return 1; }
    rm -f /tmp/tandem-apt.$$
}

# install_build_packages MORE_BOOST_LIBRARIES -- MORE_PACKAGES
install_build_packages() {
    libraries=
    while [ "$1" != -- ]; do
        libraries="$libraries $1"
        shift
    done
    shift
    if ! command -v apt-get >/dev/null; then
        say "no apt-get here: install Boost 1.81 or newer, cereal, OpenSSL, zlib, libidn2, CMake, Ninja and a C++20 compiler yourself"
        return 0
    fi
    boost=$(boost_version)
    if [ -z "$boost" ]; then
        say "asking apt what there is"
        as_root apt-get update -q >/dev/null
        boost=$(boost_version)
    fi
    if [ -z "$boost" ]; then
        say "apt has no Boost 1.81 or newer here"
        return 1
    fi
    say "Boost $boost"
    # shellcheck disable=SC2046,SC2086
    install_packages g++ cmake ninja-build ccache libcereal-dev libssl-dev zlib1g-dev libidn2-dev ca-certificates \
        $(boost_packages "$boost" filesystem process url stacktrace program-options system atomic container date-time $libraries) "$@"
}
