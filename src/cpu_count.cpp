#include <tandem/cpu_count.hpp>

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace tandem {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

std::size_t affinity_count()
{
    // The main thread's is the process's: this thread may be pinned.
    // The mask may be larger than cpu_set_t: grow until the kernel's fits.
    for (int cpus = CPU_SETSIZE; cpus <= (1 << 20); cpus *= 2) {
        cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(cpus));
        const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
        const bool known = set && ::sched_getaffinity(::getpid(), size, set) == 0;
        const int count = known ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return static_cast<std::size_t>(count);
    }
    return std::thread::hardware_concurrency();
}

std::size_t rounded_up(double quota, double period)
{
    if (quota <= 0 || period <= 0)
        return no_limit;
    return std::max<std::size_t>(1, static_cast<std::size_t>((quota + period - 1) / period));
}

std::size_t quota_v2(const fs::path& group)
{
    std::ifstream file(group / "cpu.max"); // "max 100000" or "150000 100000"
    double quota = 0, period = 0;
    return file >> quota >> period ? rounded_up(quota, period) : no_limit;
}

std::size_t quota_v1(const fs::path& group)
{
    std::ifstream quota_file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
    double quota = 0, period = 0;
    return quota_file >> quota && period_file >> period ? rounded_up(quota, period) : no_limit;
}

// The least over the group and its ancestors up to the mount point.
template <class Quota>
std::size_t least_quota(const fs::path& mount, const fs::path& group, Quota quota)
{
    std::size_t least = quota(mount);
    fs::path at = mount;
    for (const auto& part : group.relative_path()) {
        at /= part;
        least = std::min(least, quota(at));
    }
    return least;
}

std::size_t cgroup_count()
{
    std::size_t least = no_limit;
    std::ifstream groups("/proc/self/cgroup"); // "0::/path" for v2, "4:cpu,cpuacct:/path" for v1
    for (std::string line; std::getline(groups, line);) {
        std::istringstream fields(line);
        std::string number, controllers, path;
        if (!std::getline(fields, number, ':') || !std::getline(fields, controllers, ':') || !std::getline(fields, path))
            continue;
        if (controllers.empty())
            for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
                least = std::min(least, least_quota(mount, path, quota_v2));
        else if (("," + controllers + ",").find(",cpu,") != std::string::npos)
            for (const auto& mount : {"/sys/fs/cgroup/" + controllers, std::string("/sys/fs/cgroup/cpu")})
                least = std::min(least, least_quota(mount, path, quota_v1));
    }
    return least;
}

} // namespace

std::size_t usable_cpus() noexcept
{
    std::size_t count = 1;
    try {
        count = affinity_count();
        count = std::min(count, cgroup_count());
    } catch (...) { // out of memory: what is known so far will do
    }
    return std::max<std::size_t>(count, 1);
}

} // namespace tandem
