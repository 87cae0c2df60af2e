// What a worker tells its pool of the processor time and the memory that it uses.
#ifndef TANDEM_WORKER_USAGE_REPORT_HPP
#define TANDEM_WORKER_USAGE_REPORT_HPP

#include <status/status_page.hpp>

namespace tandem::worker {

/// Reading what a process uses takes many times as long as a small task. To be used by the thread that runs tasks.
class usage_report
{
public:
    usage_report(status::status_page& page, bool has_memory) : page_(page), has_memory_(has_memory) {}

    /// Before the first task: the processor time.
    void begin() noexcept;

    /// After a task: what is used, if that was told so long ago that a task can have changed it by much.
    void update(status::time_point now) noexcept
    {
        if (now - told_ >= status::usage_interval)
            tell(now);
    }

private:
    void tell(status::time_point now) noexcept;

    status::status_page& page_;
    const bool has_memory_;
    status::time_point told_{};
};

} // namespace tandem::worker

#endif
