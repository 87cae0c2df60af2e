#include "tandem_get/descriptors.hpp"

#include "tandem_get/text.hpp"

#include <stdexcept>

#include <sys/resource.h>

void allow_descriptors(std::size_t count)
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count) {
        return;
    }
    if (limit.rlim_max < count) {
        throw std::runtime_error("so many downloads at once need " + grouped(count) +
                                 " open files, and the system allows " + grouped(limit.rlim_max) +
                                 "; choose fewer with --parallel, or ask for more with ulimit -n");
    }
    limit.rlim_cur = count;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}
