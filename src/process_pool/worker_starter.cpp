#include <process_pool/worker_starter.hpp>

#include <launch/program.hpp>
#include <launch/start_error.hpp>

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
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
    unlaunched_.push_back(id);
    if (!is_posted_)
        post_launch();
}

void worker_starter::post_launch()
{
    loop_.post([this, pool = events_.shared()](const boost::system::error_code&) { launch_next(); });
    is_posted_ = true;
}

void worker_starter::launch_next()
{
    std::optional<worker_id> next;
    const auto take_next = [&](time_point, completion_batch&) {
        is_posted_ = false;
        const auto is_wanted = [this](worker_id id) { return state_.scheduler.knows(id); }; // else it was given up
        unlaunched_.erase(unlaunched_.begin(), std::ranges::find_if(unlaunched_, is_wanted));
        if (unlaunched_.empty())
            return;
        const worker_id id = unlaunched_.front();
        unlaunched_.pop_front();
        post_next();
        const std::lock_guard lock(mutex_);
        ++launching_;
        ++state_.counts.workers_started;
        next = id;
    };
    events_.run(take_next);
    if (next)
        launch(*next);
}

// Before this one is launched, so that another thread may launch it meanwhile. What became ready until then comes first.
void worker_starter::post_next()
{
    if (unlaunched_.empty())
        return;
    loop_.post(continue_with(events_, [this](const boost::system::error_code&, time_point, completion_batch&) { post_launch(); }));
    is_posted_ = true;
}

void worker_starter::launch(worker_id id)
{
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
