#!/bin/sh
# Links tiny programs that were compiled with other macros than the library: the linker must name what differs. Those that
# change no layout must link and run.
#   check.sh SOURCES LIBRARY COMPILER FLAG...
export LC_ALL=C
sources=$1 library=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

fail() {
    echo "FAILED: $*"
    sed 's/^/    /' "$folder/said" | tail -n 20
    failed=1
}

# link SOURCE COMPILER FLAG...: of a file that includes a header of tandem's. 2 where it does not compile.
link() {
    source=$1
    shift
    "$@" -c "$sources/$source" -o "$folder/part.o" >"$folder/said" 2>&1 || return 2
    program= # in it, where the file is not all of it, the rest is as the library is
    [ "$source" = program.cpp ] || program=$folder/main.o
    "$@" "$folder/part.o" $program "$library" -o "$folder/program" >"$folder/said" 2>&1 || return 1
}

# differs NAME SOURCE COMPILER FLAG...
differs() {
    name=$1
    shift
    link "$@"
    case $? in
        0) fail "links, in place of naming $name: $*" ;;
        2) fail "does not compile: $*" ;;
        *)
            if grep -q "undefined .*needs_a_library_built::$name" "$folder/said"; then
                echo "names $name"
            else
                fail "the linker does not name $name: $*"
            fi
            ;;
    esac
}

# agrees COMPILER FLAG...
agrees() {
    if ! link program.cpp "$@"; then
        fail "does not link: $*"
    elif ! "$folder/program" >"$folder/said" 2>&1; then
        fail "does not run: $*"
    else
        shift "$usual"
        echo "links and runs: $*"
    fi
}

usual=$#
"$@" -c "$sources/program.cpp" -o "$folder/main.o" || exit 1

for macro in ENABLE_HANDLER_TRACKING 'CUSTOM_HANDLER_TRACKING=<tracking.hpp>' ENABLE_BUFFER_DEBUGGING \
    USE_TS_EXECUTOR_AS_DEFAULT DISABLE_THREADS DISABLE_STD_MUTEX_AND_CONDVAR DISABLE_STD_ATOMIC DISABLE_EPOLL \
    DISABLE_EVENTFD DISABLE_SMALL_BLOCK_RECYCLING DISABLE_AWAITABLE_FRAME_RECYCLING NO_TYPEID \
    NO_DEPRECATED NO_TS_EXECUTORS; do
    differs "with_BOOST_ASIO_${macro%%=*}" program.cpp "$@" "-DBOOST_ASIO_$macro"
done
differs with_BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE_4 program.cpp "$@" -DBOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=4
differs with_BOOST_ASIO_HAS_IO_URING_AS_DEFAULT program.cpp "$@" -DBOOST_ASIO_DISABLE_EPOLL -DBOOST_ASIO_HAS_IO_URING
differs with_GLIBCXX_DEBUG program.cpp "$@" -D_GLIBCXX_DEBUG
differs without_GLIBCXX_USE_CXX11_ABI program.cpp "$@" -D_GLIBCXX_USE_CXX11_ABI=0

mkdir "$folder/boost" "$folder/cereal"
echo '#define BOOST_VERSION 109900' >"$folder/boost/version.hpp"
printf '#define CEREAL_VERSION_%s 9\n' MAJOR MINOR PATCH >"$folder/cereal/version.hpp"
differs with_BOOST_VERSION_109900 program.cpp "$@" "-I$folder"
rm -r "$folder/boost"
differs with_CEREAL_VERSION_9_9_9 unused.cpp "$@" "-I$folder" -DWITH_CEREAL

# Nothing that is left out takes the check along.
differs with_BOOST_ASIO_DISABLE_THREADS unused.cpp "$@" -DBOOST_ASIO_DISABLE_THREADS
differs with_BOOST_ASIO_DISABLE_THREADS unused.cpp "$@" -DBOOST_ASIO_DISABLE_THREADS -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections
case $("$1" --version) in
*clang*) ;; # would need LLVM's plugin for the linker
*) differs with_BOOST_ASIO_DISABLE_THREADS unused.cpp "$@" -DBOOST_ASIO_DISABLE_THREADS -O2 -flto -fdata-sections -Wl,--gc-sections ;;
esac

agrees "$@"
agrees "$@" -O2 -DNDEBUG -D_GLIBCXX_ASSERTIONS -D_FORTIFY_SOURCE=2 -fstack-protector-strong
agrees "$@" -DBOOST_ASIO_SEPARATE_COMPILATION
agrees "$@" -std=c++2b
agrees "$@" -O2 -fvisibility=hidden -ffunction-sections -fdata-sections -Wl,--gc-sections
exit $failed
