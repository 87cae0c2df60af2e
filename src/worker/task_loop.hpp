// Reads calls, runs them one after the other, writes what became of them.
#ifndef TANDEM_WORKER_TASK_LOOP_HPP
#define TANDEM_WORKER_TASK_LOOP_HPP

#include <channel/brief_wait.hpp>
#include <channel/hello.hpp>
#include <status/status_page.hpp>
#include <tandem/detail/task_registry.hpp>
#include <worker/frame_stream.hpp>
#include <worker/large_values.hpp>
#include <worker/output_marks.hpp>
#include <worker/task_cpu_limit.hpp>
#include <worker/usage_report.hpp>
#include <worker/watcher.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tandem::worker {

class task_loop
{
public:
    task_loop(frame_stream& frames, status::status_page& page, watcher& w, std::vector<const detail::task_entry*> tasks,
              const channel::worker_settings& settings, large_values& large);

    /// Runs the initializer if there is one, and serves until the frames end.
    void run();

private:
    void run_task(const channel::frame& f);
    void look_at_clock();
    void end(status::slot& of, bool is_measured);
    void initialize(const channel::frame& f);
    void call(const channel::frame& f, const channel::task_call& head, std::vector<std::byte>& result);
    template <class Make>
    void answer(channel::frame_kind success, std::uint64_t id, Make make);
    std::span<const std::byte> arguments_of(const channel::frame& f);
    void store(std::uint64_t id) noexcept;
    void note_message(std::uint64_t size) noexcept { largest_message_ = std::max(largest_message_, size); }
    void append_failure(std::uint64_t id, const std::exception_ptr& e);
    std::size_t try_append_failure(std::uint64_t id, const std::exception_ptr& e);
    const detail::task_entry& entry_of(const channel::task_call& head) const;
    void deliver(const channel::frame& call);
    void tell();
    void before_waiting();

    frame_stream& frames_;
    status::status_page& page_;
    watcher& watcher_;
    std::vector<const detail::task_entry*> tasks_;
    const channel::worker_settings settings_;
    large_values& large_;
    task_cpu_limit cpu_limit_;
    usage_report usage_;
    output_marks output_;
    channel::ring_writer results_;
    using time_point = std::chrono::steady_clock::time_point;
    time_point now_{};          // the last look at the clock, at a task's end, if nothing was waited for since
    unsigned unmeasured_ = 0;   // tasks that ended since
    time_point untold_since_{}; // the oldest result that the pool may sleep upon
    bool untold_ = false;
    time_point waits_since_{};
    std::chrono::nanoseconds last_wait_{0}; // for tasks
    std::uint32_t received_ = 0;            // calls
    std::uint64_t largest_message_ = 0;     // since free memory was given back, in bytes
};

} // namespace tandem::worker

#endif
