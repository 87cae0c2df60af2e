// Tells the pool which task printed what: how much was in the log when a task began, and when it ended.
#ifndef TANDEM_WORKER_OUTPUT_MARKS_HPP
#define TANDEM_WORKER_OUTPUT_MARKS_HPP

#include <status/status_page.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace tandem::worker {

/// Threads and child processes print into the same log, so the kernel is asked what is in it. To be used by the thread
/// that runs tasks.
class output_marks
{
public:
    /// `is_wanted`: else nothing here does anything. `log`: the log's end to be written to, of which a copy is kept.
    /// Throws std::system_error.
    output_marks(status::status_page& page, bool is_wanted, int log);

    /// The worker waits for tasks: what is printed until the next one begins is no task's.
    void wait() noexcept { has_waited_ = true; }

    /// Before the call in that slot is begun.
    void begin(std::size_t slot) noexcept
    {
        if (log_ < 0)
            return;
        if (std::exchange(has_waited_, false))
            count();
        page_.log_marks[slot].begun.store(printed_, std::memory_order_relaxed);
        begun_at_ = clock::now();
    }

    /// The call has ended, and what it left in buffers is written.
    void end(std::size_t slot, std::uint64_t call) noexcept
    {
        if (log_ < 0)
            return;
        if (clock::now() - begun_at_ >= shortest_print_)
            count();
        page_.log_marks[slot].end(call, printed_);
    }

private:
    using clock = std::chrono::steady_clock;

    void count() noexcept;
    std::uint64_t ask() const noexcept;

    status::status_page& page_;
    int log_ = -1;
    std::uint64_t printed_ = 0; // bytes ever, when they were counted last
    bool has_waited_ = true;
    clock::time_point begun_at_{};
    clock::duration shortest_print_ = clock::duration::max(); // what took less has printed nothing
};

} // namespace tandem::worker

#endif
