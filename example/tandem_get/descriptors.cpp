#include "tandem_get/descriptors.hpp"

#include "tandem_get/text.hpp"

#include <algorithm>
#include <stdexcept>

#include <sys/resource.h>

std::size_t allow_descriptors(std::size_t base, std::size_t each, std::size_t count)
{
    rlimit limit{};
    const std::size_t wanted = base + each * count;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return count;
    }
    if (limit.rlim_max < base + each) {
        throw std::runtime_error("a download may need " + grouped(base + each) + " open files, and the system allows " +
                                 grouped(limit.rlim_max) + "; ask for more with ulimit -n");
    }
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return std::min(count, (limit.rlim_cur - base) / each);
}
