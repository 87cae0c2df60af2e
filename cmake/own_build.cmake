# What holds when tandem itself is built, and must not reach a consumer's build.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)

find_program(TANDEM_CCACHE ccache)
if(TANDEM_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    # Checkouts in different folders share what they compiled, but for units, whose text names the folder. What a
    # source depends on comes from the compiler: nothing is preprocessed twice.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 ${TANDEM_CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 reports these falsely inside of Boost's and its own headers when it optimises (std::string's operator+ for one).
    add_compile_options(-Wno-maybe-uninitialized -Wno-dangling-reference -Wno-array-bounds -Wno-stringop-overflow -Wno-restrict)
    # The same of coroutines' frames; for folders that have coroutines.
    set(TANDEM_COROUTINE_OPTIONS -Wno-mismatched-new-delete)
endif()
