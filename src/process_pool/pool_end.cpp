// How a pool ends at once: by its destructor, or with its context. And how it gives up what it has, and goes on.
#include <process_pool/pool.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace tandem::detail {
namespace {

constexpr std::chrono::milliseconds output_pause{1}; // before stderr is tried again: then a quick reader has emptied a pipe

} // namespace

/// Kills all at once, then reaps one after the other. Under the lock, as all here.
void pool::end_workers() noexcept
{
    for (auto& [id, link] : state_.links)
        link->kill();
    const auto given_up = loop_->now() + io::process::longest_death;
    for (auto& [id, link] : state_.links) {
        if (!link->ended)
            link->ended = link->process->kill_and_reap(given_up);
        try {
            relay_.finish(*link);
        } catch (const std::exception&) { // what it printed is lost
        }
        link->close();
    }
    state_.links.clear();
    watch_.forget_all();
    suspects_.clear();
    calls_.forget_all();
}

/// Something threw in the middle of an event, mostly for want of memory: what the scheduler knows may be half of what is.
/// Its tasks fail, its workers are killed, and it begins anew. Takes no memory.
void pool::give_up(const std::exception_ptr& why, completion_batch& completions) noexcept
{
    empty_buffer(state_.actions);
    state_.scheduler.forget_all();
    end_workers();
    timer_.cancel();
    completions.give_up(tasks_.take_all(), starter_.waits().take_all(), shutdown_waits_.take_all(), why);
}

// What is left for stderr, as far as that takes it. Its reader may need a moment, and may never read.
void pool::flush_output()
{
    const auto end = loop_->now() + output_retry::patience;
    for (output_.write(); output_.inherited().has_text() && loop_->now() < end; output_.write())
        loop_->wait_for({}, loop_->now() + output_pause);
    output_.drop_rest();
}

// A worker may wait for what it says and prints to be read before it ends.
void pool::wait_for_ends(schedule::time_point deadline)
{
    std::vector<const io::waitable*> awaited;
    do {
        awaited.clear();
        for (auto& [id, link] : state_.links) {
            if (link->ended)
                continue;
            link->frames.discard_incoming();
            relay_.read(*link);
            link->ended = link->process->try_reap();
            if (link->ended || link->process->native_handle() < 0) // it has ended, also where a debugger holds it
                continue;
            awaited.push_back(link->process.get());
            for (const io::waitable* output : {link->frames.incoming(), link->log.incoming()})
                if (output)
                    awaited.push_back(output);
        }
        output_.write();
        if (!awaited.empty())
            loop_->wait_for(awaited, output_.inherited().has_text() ? std::min(deadline, loop_->now() + output_pause) : deadline);
    } while (!awaited.empty() && loop_->now() < deadline);
}

/// The last two rungs of the ladder, without the context's help.
void pool::end_all(std::chrono::nanoseconds stop_timeout, completion_batch& completions) noexcept
{
    const auto now = loop_->now();
    for (auto& [id, link] : state_.links) {
        state_.scheduler.for_each_task_of(id, [&one = *link](schedule::task& t) {
            auto& operation = operation_of(t);
            if (operation.slot == task_operation::no_slot)
                return;
            status::slot& slot = one.slot_of(operation);
            if (slot.revoke(operation.call))
                return;
            slot.close_items();
            one.ask_to_stop(operation);
        });
        link->end_frames();
    }
    try {
        if (stop_timeout > std::chrono::nanoseconds::zero())
            wait_for_ends(schedule::deadline_after(now, stop_timeout));
    } catch (const std::exception&) { // no memory to wait with
    }
    end_workers();
    state_.scheduler.forget_all();
    completions.give_up(tasks_.take_all(), starter_.waits().take_all(), shutdown_waits_.take_all(), operation_aborted());
}

void pool::close() noexcept
{
    completion_batch completions;
    {
        std::unique_lock lock(mutex_);
        if (!closed_) {
            closed_ = true;
            output_.drop_lines();
            lock.unlock();
            starter_.join();
            lock.lock();
            end_all(state_.options.stop_timeout, completions);
            timer_.cancel();
            output_retry_.abandon();
        }
    }
    try {
        deliver(completion_mode::post, std::move(completions));
    } catch (...) { // posting allocates; there is nobody to tell
    }
    output_.close();
    try {
        flush_output();
    } catch (const std::exception&) { // no memory to wait with
    }
}

void pool::abandon() noexcept
{
    completion_batch completions; // whose operations are destroyed with it
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(closed_, true))
            end_all(std::chrono::nanoseconds::zero(), completions);
        timer_.abandon();
        output_retry_.abandon();
        starter_.abandon();
        loop_->abandon();
        executor_ = nullptr;
        drop_context();
    }
    output_.close();
    output_.write();
}

} // namespace tandem::detail
