// What workers print, on its way to where it goes.
#ifndef TANDEM_PROCESS_POOL_OUTPUT_RELAY_HPP
#define TANDEM_PROCESS_POOL_OUTPUT_RELAY_HPP

#include <process_pool/output_sink.hpp>
#include <process_pool/pool_state.hpp>

#include <atomic>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::detail {

class output_relay
{
public:
    output_relay(pool_state& state, output_sink& sink) : state_(state), sink_(sink) {}

    /// Whether it matters which task printed a line.
    bool wants_tasks() const noexcept { return sink_.wants_tasks(); }

    /// Passes on the whole lines of what a worker has printed. Holds it where there is no room for more.
    void read(worker_link& link)
    {
        for (int i = 0; i != most_reads && !holds(link) && read_some(link); ++i) {
        }
    }

    /// The same in any case.
    void read_all(worker_link& link)
    {
        for (int i = 0; i != most_reads && read_some(link); ++i) {
        }
    }

    /// The same before the outcome of its first task is taken, as far as that has printed something.
    void read_output_of(worker_link& link, const task_operation& operation)
    {
        const auto end = link.output_end(operation);
        const auto is_there = [&] { return end && link.log.received() >= *end; };
        for (int i = 0; i != most_reads_to_end && !is_there() && read_some(link); ++i) {
        }
    }

    /// The worker has ended: passes on all. A line without an end is of the task that it was running.
    void finish(worker_link& link)
    {
        read_all(link);
        const std::string last = link.log.take_unfinished();
        if (last.empty())
            return;
        const schedule::task* const t = state_.scheduler.task_of(link.id);
        pass_on(link, last + '\n', t && link.output_begin(operation_of(*t)) ? t : nullptr);
    }

    /// Whether nothing is to be read of the worker, since lines wait for the callback. It is held then, until released.
    bool holds(worker_link& link)
    {
        if (sink_.has_room())
            return false;
        link.is_held = true;
        has_held_ = true;
        return true;
    }

    /// Whether workers are held that need not be any more. Thread-safe.
    bool may_release() const noexcept { return has_held_ && sink_.has_room(); }

    /// Calls `released(link)` for each worker that was held.
    template <class Released>
    void release(Released released)
    {
        has_held_ = false;
        for (const auto& [id, link] : std::map(state_.links))
            if (std::exchange(link->is_held, false))
                released(link);
    }

private:
    // A worker that prints without end must not hold up the pool: the rest comes with the next call. As much as a pipe
    // holds.
    static constexpr int most_reads = 16;
    static constexpr int most_reads_to_end = 256; // the same of a pipe that a task has enlarged

    bool read_some(worker_link& link)
    {
        const bool has_more = link.log.read_some();
        if (wants_tasks())
            divide(link);
        pass_on(link, link.log.take_lines(), nullptr);
        return has_more;
    }

    // Among the tasks that the worker has: those that it has done, and the one that it runs. What was printed before that is
    // looked at was read before.
    void divide(worker_link& link)
    {
        for (const schedule::task* t = state_.scheduler.task_of(link.id); t && link.log.has_text(); t = t->next) {
            const auto& operation = operation_of(*t);
            const auto begin = link.output_begin(operation);
            if (!begin)
                break;
            const auto end = link.output_end(operation);
            pass_on(link, link.log.take_lines(*begin), nullptr);
            pass_on(link, end ? link.log.take_lines(*end) : link.log.take_lines(), t);
        }
    }

    void pass_on(worker_link& link, std::string_view lines, const schedule::task* t)
    {
        if (lines.empty())
            return;
        const std::string task = t ? operation_of(*t).entry->name() : std::string();
        const output_sink::origin printed{.pid = link.process->pid(),
                                          .worker = link.id,
                                          .task = task,
                                          .label = t ? t->options->label.view() : std::string_view()};
        link.lines_dropped += sink_.add(lines, printed);
    }

    pool_state& state_;
    output_sink& sink_; // has a lock of its own: it is drained without the pool's
    std::atomic<bool> has_held_ = false;
};

} // namespace tandem::detail

#endif
