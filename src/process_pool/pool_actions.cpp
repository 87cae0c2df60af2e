// How a pool carries out its scheduler's actions, and what it answers about tasks that were sent.
#include <process_pool/pool.hpp>

#include <empty_buffer.hpp>
#include <launch/program.hpp>

#include <algorithm>
#include <utility>

namespace tandem::detail {

using schedule::action;
using schedule::time_point;
using schedule::worker_id;

void pool::perform(time_point now, completion_batch& completions)
{
    const link_ptr* target = nullptr; // many are sent to one worker
    for (std::size_t i = 0; i < state_.actions.size(); ++i) { // grows on the way
        const action a = state_.actions[i];
        switch (a.what) {
        case action::kind::start_worker:
            starter_.post(a.worker);
            break;
        case action::kind::send:
            if (is_void(a))
                break;
            if (!target || (*target)->id != a.worker)
                target = &state_.links.at(a.worker);
            if ((*target)->is_watched || is_usable(*target, now))
                send(a, *target, completions);
            break;
        case action::kind::ask_to_stop:
            state_.links.at(a.worker)->ask_to_stop(operation_of(*a.subject));
            break;
        case action::kind::retire:
            count_retirement(a.reason);
            let_go(state_.links.at(a.worker));
            break;
        case action::kind::kill:
            kill(a.worker);
            break;
        case action::kind::retry:
            retry(a);
            break;
        case action::kind::complete:
            complete(a, completions);
            break;
        }
    }
    empty_buffer(state_.actions);
}

// What happened after the scheduler sent it, and before this was performed, may have undone it.
bool pool::is_void(const action& send)
{
    const auto& operation = operation_of(*send.subject);
    return operation.state != schedule::task::phase::sent || operation.worker != send.worker ||
           operation.slot != task_operation::no_slot;
}

void pool::send(const action& a, const link_ptr& link, completion_batch& completions)
{
    auto& operation = operation_of(*a.subject);
    if (!link->knows(*operation.entry)) {
        refuse(operation, completions);
        return;
    }
    calls_.add(operation, link);
}

void pool::refuse(task_operation& operation, completion_batch& completions)
{
    completions.add(&operation,
              make_failure(errc::unknown_task, '"' + launch::name_of(state_.options.worker) + '"', report_of(operation)));
    state_.counts.failed += operation.items;
    tasks_.forget(operation);
    state_.scheduler.task_refused(operation, loop_->now(), state_.actions);
}

bool pool::revoke(schedule::task& t)
{
    auto& operation = operation_of(t);
    if (operation.slot == task_operation::no_slot)
        return true; // the action that sends it is not performed yet, and will find it gone
    worker_link& link = *state_.links.at(t.worker);
    if (!link.slot_of(operation).revoke(operation.call))
        return false;
    link.take_back_call(operation);
    return true;
}

schedule::task* pool::split(schedule::task& t)
{
    auto& operation = operation_of(t);
    if (operation.slot == task_operation::no_slot)
        return nullptr;
    const std::uint32_t begun = state_.links.at(t.worker)->slot_of(operation).close_items();
    if (begun >= operation.items)
        return nullptr;
    task_operation* const rest = operation.split(begun);
    tasks_.admit(*rest);
    return rest;
}

schedule::task* pool::split_first(schedule::task& t, std::uint32_t count)
{
    auto& operation = operation_of(t);
    task_operation* const first = operation.split_first(count);
    tasks_.admit(*first);
    tasks_.describe(operation);
    return first;
}

std::optional<time_point> pool::ended(const schedule::task& t) const
{
    const auto& operation = operation_of(t);
    if (operation.slot == task_operation::no_slot)
        return std::nullopt;
    worker_link& link = *state_.links.at(t.worker);
    const auto end = link.slot_of(operation).ended(operation.call);
    if (!end || *end > loop_->now()) // a time to come is none that a clock told
        return std::nullopt;
    return std::max(*end, link.heard); // a large outcome takes a while to come
}

std::optional<time_point> pool::begun(const schedule::task& t) const
{
    const auto& operation = operation_of(t);
    if (operation.slot == task_operation::no_slot)
        return std::nullopt;
    const auto begin = state_.links.at(t.worker)->slot_of(operation).begun(operation.call);
    return begin && *begin > loop_->now() ? time_point() : begin; // else its deadline would never pass
}

void pool::let_go(const link_ptr& link)
{
    watch_.add(link);
    link->let_go();
}

void pool::kill(worker_id id)
{
    // A worker that has not been launched yet is not in state_.links: launch() finds it unwanted.
    const auto it = state_.links.find(id);
    if (it == state_.links.end())
        return;
    watch_.add(it->second);
    worker_link& link = *it->second;
    if (link.fault.empty() && link.at == worker_link::stage::started)
        link.fault = "did not say hello in time";
    else if (link.fault.empty() && link.at == worker_link::stage::greeted)
        link.fault = "was not ready in time";
    else if (link.fault.empty() && link.silent)
        link.fault = "closed its end of the protocol";
    link.kill();
}

void pool::retry(const action& a)
{
    auto& operation = operation_of(*a.subject);
    if (operation.items != 0) { // else nothing of it was run
        ++state_.counts.retried;
        operation.add_earlier(
            describe_attempt(operation, *state_.links.at(a.worker), a.why == schedule::outcome::run_timeout, state_.options.limits));
    }
    operation.slot = task_operation::no_slot;
}

void pool::complete(const action& a, completion_batch& completions)
{
    auto& operation = operation_of(*a.subject);
    if (a.why == schedule::outcome::worker_died || a.why == schedule::outcome::run_timeout)
        completions.add(&operation, failure_of(operation, a));
    else
        completions.add(&operation, a.why);
    if (a.why == schedule::outcome::start_failed)
        completions.start = starter_.last_failure();
    tasks_.forget(operation);
    state_.counts.failed += operation.items;
}

// Of a run; its worker can still be asked.
std::exception_ptr pool::failure_of(const task_operation& operation, const action& a) const
{
    worker_link& link = *state_.links.at(a.worker);
    const bool timed_out = a.why == schedule::outcome::run_timeout;
    return failed_attempt(operation, describe_attempt(operation, link, timed_out, state_.options.limits), link.fault,
                          state_.options.limits);
}

void pool::count_retirement(schedule::retirement_reason reason) noexcept
{
    using schedule::retirement_reason;
    switch (reason) {
    case retirement_reason::tasks:
        ++state_.counts.retired.tasks;
        break;
    case retirement_reason::age:
        ++state_.counts.retired.age;
        break;
    case retirement_reason::resident_memory:
        ++state_.counts.retired.resident_memory;
        break;
    case retirement_reason::idle:
        ++state_.counts.retired.idle;
        break;
    case retirement_reason::none:
    case retirement_reason::shutdown:
        break;
    }
}

void pool::finish_waits(completion_batch& completions)
{
    wait_list& starts = starter_.waits();
    if (!starts.empty() && !state_.scheduler.is_starting_all())
        starts.complete_all(state_.scheduler.closed() ? operation_aborted() : nullptr, completions);
    const bool ended = state_.scheduler.workers() == 0 && state_.scheduler.queued() == 0;
    if (!shutdown_waits_.empty() && (ended || state_.scheduler.is_overdue()))
        shutdown_waits_.complete_all(
            ended ? nullptr : std::make_exception_ptr(task_error(errc::shutdown_timeout, "async_shutdown")), completions);
}

} // namespace tandem::detail
