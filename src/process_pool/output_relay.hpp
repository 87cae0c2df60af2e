// What workers print, on its way to where it goes.
#ifndef TANDEM_PROCESS_POOL_OUTPUT_RELAY_HPP
#define TANDEM_PROCESS_POOL_OUTPUT_RELAY_HPP

#include <process_pool/output_sink.hpp>
#include <process_pool/pool_state.hpp>

#include <string_view>

namespace tandem::detail {

class output_relay
{
public:
    output_relay(pool_state& state, output_sink& sink) : state_(state), sink_(sink) {}

    /// Whether it matters which task printed a line.
    bool wants_tasks() const noexcept { return sink_.wants_tasks(); }

    /// Passes on the whole lines of what a worker has printed.
    void read(worker_link& link)
    {
        std::string lines;
        link.log.read_now(lines);
        pass_on(link, lines);
    }

    /// The worker has ended: passes on all.
    void finish(worker_link& link)
    {
        read(link);
        if (const std::string last = link.log.take_unfinished(); !last.empty())
            pass_on(link, last + '\n');
    }

private:
    void pass_on(const worker_link& link, std::string_view lines)
    {
        const schedule::task* const t = wants_tasks() ? state_.scheduler.task_of(link.id) : nullptr;
        sink_.add(lines, {.pid = link.process->pid(),
                          .worker = link.id,
                          .task = t ? operation_of(*t).entry->name() : std::string(),
                          .label = t ? t->options->label.view() : std::string_view()});
    }

    pool_state& state_;
    output_sink& sink_; // has a lock of its own: it is drained without the pool's
};

} // namespace tandem::detail

#endif
