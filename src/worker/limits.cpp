#include <worker/limits.hpp>

#include <worker/marker.hpp>
#include <worker/memory_use.hpp>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace tandem::worker {
namespace {

[[noreturn]] void fail(const std::string& limit, int error = errno)
{
    throw std::system_error(error, std::generic_category(), limit);
}

bool has_nul(const std::string& text)
{
    return text.find('\0') != std::string::npos;
}

void apply_environment(const std::map<std::string, std::optional<std::string>>& environment)
{
    for (const auto& [name, value] : environment) {
        const std::string limit = "environment variable \"" + name + '"';
        if (name.empty() || name.find('=') != std::string::npos || has_nul(name))
            fail(limit, EINVAL);
        if (name == marker_variable || name == depth_variable) // the guard against pools without end
            fail(limit, EPERM);
        if (value && has_nul(*value))
            fail(limit + " with a zero byte in its value", EINVAL);
        if ((value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str())) != 0)
            fail(limit);
    }
}

void apply_working_directory(const std::string& path)
{
    if (path.empty())
        return;
    if (has_nul(path))
        fail("working directory with a zero byte", EINVAL);
    if (::chdir(path.c_str()) != 0)
        fail("working directory " + path);
}

constexpr int max_cpus = 1 << 16; // eight times what Linux can be built for

class cpu_mask
{
public:
    cpu_mask() : set_(CPU_ALLOC(max_cpus))
    {
        if (!set_)
            throw std::bad_alloc();
        CPU_ZERO_S(size(), set_.get());
    }

    std::size_t size() const { return CPU_ALLOC_SIZE(max_cpus); }
    cpu_set_t* get() { return set_.get(); }
    void add(int cpu) { CPU_SET_S(static_cast<std::size_t>(cpu), size(), set_.get()); }
    bool has(int cpu) const { return CPU_ISSET_S(static_cast<std::size_t>(cpu), size(), set_.get()) != 0; }

private:
    struct release
    {
        void operator()(cpu_set_t* set) const { CPU_FREE(set); }
    };
    std::unique_ptr<cpu_set_t, release> set_;
};

void apply_cpu_affinity(const std::vector<int>& cpus)
{
    if (cpus.empty())
        return;
    std::string limit = "CPU affinity";
    for (const int cpu : cpus)
        limit += ' ' + std::to_string(cpu);
    cpu_mask wanted, applied;
    for (const int cpu : cpus) {
        if (cpu < 0 || cpu >= max_cpus)
            fail(limit + ", of which there is no CPU " + std::to_string(cpu), EINVAL);
        wanted.add(cpu);
    }
    if (::sched_setaffinity(0, wanted.size(), wanted.get()) != 0)
        fail(limit);
    // The kernel drops what is not there without a word, as long as one is left.
    if (::sched_getaffinity(0, applied.size(), applied.get()) != 0)
        fail(limit);
    for (const int cpu : cpus)
        if (!applied.has(cpu))
            fail(limit + ", of which CPU " + std::to_string(cpu) + " cannot be used", EINVAL);
}

void apply_niceness(int increment)
{
    if (increment == 0)
        return;
    const std::string limit = "niceness " + std::to_string(increment);
    if (increment < -39 || increment > 39)
        fail(limit, EINVAL);
    errno = 0;
    const int inherited = ::getpriority(PRIO_PROCESS, 0);
    if (inherited == -1 && errno != 0)
        fail(limit);
    if (::setpriority(PRIO_PROCESS, 0, std::clamp(inherited + increment, -20, 19)) != 0)
        fail(limit);
}

void apply_core_dump_size(const std::optional<std::uint64_t>& size)
{
    if (!size)
        return;
    const std::string limit = "core dump size " + std::to_string(*size) + " bytes";
    ::rlimit value{};
    if (::getrlimit(RLIMIT_CORE, &value) != 0)
        fail(limit);
    value.rlim_cur = static_cast<rlim_t>(*size);
    value.rlim_max = std::max(value.rlim_cur, value.rlim_max);
    if (::setrlimit(RLIMIT_CORE, &value) != 0)
        fail(limit);
}

// A limit below what is in use already would fail every task, and with a far worse message.
void check_memory(const std::string& limit, std::uint64_t bytes, std::size_t in_use)
{
    if (in_use == 0)
        fail(limit + ": /proc/self/statm cannot be read", ENOTSUP);
    if (bytes < in_use)
        fail(limit + ", with " + std::to_string(in_use) + " in use already", ENOMEM);
}

void check_resident_memory(std::uint64_t bytes)
{
    if (bytes != 0)
        check_memory("resident memory " + std::to_string(bytes) + " bytes", bytes, resident_bytes());
}

void check_cpu_time(std::chrono::nanoseconds time)
{
    if (time.count() < 0)
        fail("CPU time " + std::to_string(time.count()) + " ns", EINVAL);
}

void apply_address_space(std::uint64_t bytes, std::uint64_t shared)
{
    if (bytes == 0)
        return;
    const std::string limit = "address space " + std::to_string(bytes) + " bytes";
    const std::size_t mapped = mapped_bytes();
    check_memory(limit, bytes, mapped - std::min<std::size_t>(mapped, shared));
    ::rlimit value{};
    if (::getrlimit(RLIMIT_AS, &value) != 0)
        fail(limit);
    value.rlim_cur = std::min(static_cast<rlim_t>(bytes + shared), value.rlim_max);
    if (::setrlimit(RLIMIT_AS, &value) != 0)
        fail(limit);
}

} // namespace

void apply(const worker_limits& limits, std::uint64_t shared)
{
    check_cpu_time(limits.cpu_time);
    check_resident_memory(limits.resident_memory);
    apply_environment(limits.environment);
    apply_working_directory(limits.working_directory);
    apply_cpu_affinity(limits.cpu_affinity);
    apply_niceness(limits.niceness);
    apply_core_dump_size(limits.core_dump_size);
    apply_address_space(limits.address_space, shared); // the last: the others allocate
}

} // namespace tandem::worker
