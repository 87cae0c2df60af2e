#include <process_pool/worker_starter.hpp>

#include <launch/program.hpp>
#include <launch/start_error.hpp>

#include <exception>
#include <new>
#include <utility>

namespace tandem::detail {

using schedule::time_point;
using schedule::worker_id;

namespace {

start_failure no_memory() noexcept
{
    return {errc::start_failed, "no memory", true, {}}; // short enough to need none itself
}

} // namespace

void worker_starter::post(worker_id id)
{
    loop_.post([this, pool = events_.shared(), id](const boost::system::error_code&) { launch(id); });
}

void worker_starter::launch(worker_id id)
{
    const auto begins = [this, id](time_point) {
        if (!state_.scheduler.knows(id)) // it was given up
            return false;
        const std::lock_guard lock(mutex_);
        ++launching_;
        ++state_.counts.workers_started;
        return true;
    };
    if (!events_.ask(begins))
        return;
    start_failure failure;
    link_ptr link = make_link(id, failure);
    const auto is_wanted = [&](time_point) {
        if (!state_.scheduler.knows(id)) // given up meanwhile
            return false;
        try {
            if (link)
                state_.links.emplace(id, link);
        } catch (const std::exception&) {
            link.reset();
            failure = no_memory();
        }
        return true;
    };
    const bool wanted = events_.ask(is_wanted);
    if (!wanted)
        link.reset();
    end_launch(); // from here on the pool may close
    if (!wanted)
        return;
    const auto launched = [&](time_point now, completion_batch& completions) {
        if (!state_.scheduler.knows(id)) // given up meanwhile
            return;
        if (!link) {
            ++state_.counts.start_failures;
            fail(failure, completions);
            state_.scheduler.worker_gone(id, failure.can_start_again, now, state_.actions);
            return;
        }
        state_.scheduler.worker_launched(id, now);
        if (state_.scheduler.is_ending(id)) // unwanted meanwhile
            link->kill();
        watch_.add(link);
    };
    events_.run(launched);
}

link_ptr worker_starter::make_link(worker_id id, start_failure& failure) noexcept
{
    try {
        try {
            return std::make_shared<worker_link>(id, launcher_->launch(), state_.options.max_message_size);
        } catch (const launch::start_error& e) {
            failure = not_started(state_.options.worker, e);
        } catch (const std::bad_alloc&) {
            failure = no_memory();
        } catch (const std::exception& e) {
            failure = {errc::start_failed, '"' + launch::name_of(state_.options.worker) + "\": " + e.what(), true};
        }
    } catch (...) {
        failure = no_memory();
    }
    return nullptr;
}

void worker_starter::end_launch() noexcept
{
    const std::lock_guard lock(mutex_);
    --launching_;
    none_.notify_all();
}

void worker_starter::fail(const start_failure& failure, completion_batch& completions)
{
    last_failure_ = std::make_shared<const start_failure>(failure);
    if (!waits_.empty())
        waits_.complete_all(failed_start(failure), completions);
    state_.scheduler.stop_starting_all();
}

void worker_starter::join()
{
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return launching_ == 0; });
}

} // namespace tandem::detail
