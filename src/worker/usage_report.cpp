#include <worker/usage_report.hpp>

#include <worker/memory_use.hpp>

#include <cstdint>
#include <ctime>

namespace tandem::worker {
namespace {

std::int64_t cpu_time_of_process() noexcept
{
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

} // namespace

void usage_report::begin() noexcept
{
    page_.cpu_time.store(cpu_time_of_process(), std::memory_order_relaxed);
}

void usage_report::tell(status::time_point now) noexcept
{
    told_ = now;
    page_.cpu_time.store(cpu_time_of_process(), std::memory_order_relaxed);
    if (has_memory_)
        page_.resident_memory.store(resident_bytes(), std::memory_order_relaxed);
}

} // namespace tandem::worker
