// without_calls NAME=ERROR ... -- COMMAND...: runs it where these system calls fail with these numbers.
#include "support/refused_call.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>

namespace {

bool refuse(const std::string& name, unsigned error)
{
    struct known
    {
        const char* name;
        unsigned number;
        unsigned argument = 0;
        std::uint32_t bits = 0;
    };
    constexpr known calls[] = {
        {"flock", SYS_flock},         {"linkat", SYS_linkat},     {"renameat2", SYS_renameat2},
        {"fchmod", SYS_fchmod},       {"fsync", SYS_fsync},       {"utimensat", SYS_utimensat},
        {"ftruncate", SYS_ftruncate}, {"getrlimit", SYS_prlimit64}, {"tmpfile", SYS_openat, 2, O_TMPFILE & ~O_DIRECTORY},
    };
    for (const known& each : calls) {
        if (name == each.name) {
            return test::refuse_call(each.number, error, each.argument, each.bits);
        }
    }
    return false;
}

} // namespace

int main(int argc, char** argv)
{
    int next = 1;
    for (; next < argc && argv[next] != std::string("--"); ++next) {
        const std::string word = argv[next];
        const std::size_t equals = word.find('=');
        if (equals == word.npos || !refuse(word.substr(0, equals), static_cast<unsigned>(std::atoi(&word[equals + 1])))) {
            std::fprintf(stderr, "without_calls: cannot refuse %s\n", word.c_str());
            return 99;
        }
    }
    ::execv(argv[next + 1], argv + next + 1);
    std::perror(argv[next + 1]);
    return 99;
}
