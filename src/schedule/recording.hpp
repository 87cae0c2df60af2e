// What a recording of a scheduler's events consists of, for who writes it and who reads it. A line each:
//
//   tandem schedule recording 1     its version
//   setting NAME VALUE              of `settings`
//   begin TIME                      what the times below are counted from
//   task T NAME=VALUE...            of a task that will be submitted; what is as usual is left out
//   TIME EVENT ARGUMENT...          an event, or a question, of for_each_event()
//     ? QUESTION T ANSWER           what the scheduler asked sent_tasks meanwhile
//     > ACTION ARGUMENT...          what it wants done
//     = RESULT                      what it returned
//   end                             only where the scheduler was destroyed
//
// Times and durations are nanoseconds. Workers are w1, w2 and so on; tasks t1, t2 with the number that they were
// submitted with, or u1, u2 where they had none.
//
//   for_each_setting    of settings, with the starts' own
//   for_each_option     of a task
//   for_each_limit      of a shutdown
//   for_each_event      the scheduler's functions that are recorded
//   event_name          of one of these
#ifndef TANDEM_SCHEDULE_RECORDING_HPP
#define TANDEM_SCHEDULE_RECORDING_HPP

#include <schedule/scheduler.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace tandem::schedule {

inline constexpr std::string_view recording_version = "tandem schedule recording 1";

/// The number of a task that was submitted without one has this bit.
inline constexpr std::uint64_t unnumbered = std::uint64_t{1} << 63;

/// Calls `visit(name, member)`. A new member that is missing here does not compile.
template <class Settings, class Visit>
void for_each_setting(Settings& all, Visit visit)
{
    auto& [workers, start_timeout, retire_timeout, outcome_timeout, starts, retire_tasks, retire_age, retire_memory, retire_idle,
           sent_ahead, sent_ahead_bytes, wake_time, processors, most_sent, patience] = all;
    auto& [attempts, backoff, backoff_limit] = starts;
    visit("workers", workers);
    visit("start_timeout", start_timeout);
    visit("retire_timeout", retire_timeout);
    visit("outcome_timeout", outcome_timeout);
    visit("start_attempts", attempts);
    visit("start_backoff", backoff);
    visit("start_backoff_limit", backoff_limit);
    visit("retire_tasks", retire_tasks);
    visit("retire_age", retire_age);
    visit("retire_memory", retire_memory);
    visit("retire_idle", retire_idle);
    visit("sent_ahead", sent_ahead);
    visit("sent_ahead_bytes", sent_ahead_bytes);
    visit("wake_time", wake_time);
    visit("processors", processors);
    visit("most_sent", most_sent);
    visit("patience", patience);
}

/// The same. The label is the user's: it is not recorded.
template <class Options, class Visit>
void for_each_option(Options& all, Visit visit)
{
    auto& [run_timeout, grace_period, queue_timeout, retries, retry_on, retry_delay, priority, label] = all;
    static_cast<void>(label);
    visit("run_timeout", run_timeout);
    visit("grace_period", grace_period);
    visit("queue_timeout", queue_timeout);
    visit("retries", retries);
    visit("retry_on", retry_on);
    visit("retry_delay", retry_delay);
    visit("priority", priority);
}

template <class Options, class Visit>
void for_each_limit(Options& all, Visit visit)
{
    auto& [mode, drain_timeout, cancel_queued_timeout, stop_timeout, kill_timeout] = all;
    visit("mode", mode);
    visit("drain_timeout", drain_timeout);
    visit("cancel_queued_timeout", cancel_queued_timeout);
    visit("stop_timeout", stop_timeout);
    visit("kill_timeout", kill_timeout);
}

/// Calls `visit.operator()<&scheduler::event>(name)` for each event, and for each question that needs sent_tasks.
template <class Visit>
constexpr void for_each_event(Visit visit)
{
    visit.template operator()<&scheduler::submit>("submit");
    visit.template operator()<&scheduler::submit_behind_others>("submit_behind_others");
    visit.template operator()<&scheduler::cancel>("cancel");
    visit.template operator()<&scheduler::cancel_all>("cancel_all");
    visit.template operator()<&scheduler::withdraw>("withdraw");
    visit.template operator()<&scheduler::start_all>("start_all");
    visit.template operator()<&scheduler::stop_starting_all>("stop_starting_all");
    visit.template operator()<&scheduler::shutdown>("shutdown");
    visit.template operator()<&scheduler::worker_launched>("worker_launched");
    visit.template operator()<&scheduler::worker_progressed>("worker_progressed");
    visit.template operator()<&scheduler::worker_greeted>("worker_greeted");
    visit.template operator()<&scheduler::worker_ready>("worker_ready");
    visit.template operator()<&scheduler::task_finished>("task_finished");
    visit.template operator()<&scheduler::settle>("settle");
    visit.template operator()<&scheduler::task_refused>("task_refused");
    visit.template operator()<&scheduler::forget_all>("forget_all");
    visit.template operator()<&scheduler::worker_gone>("worker_gone");
    visit.template operator()<&scheduler::worker_leaves>("worker_leaves");
    visit.template operator()<&scheduler::take_back_unsent>("take_back_unsent");
    visit.template operator()<&scheduler::kill_worker>("kill_worker");
    visit.template operator()<&scheduler::advance>("advance");
    visit.template operator()<&scheduler::due_workers>("due_workers");
    visit.template operator()<&scheduler::next_deadline>("next_deadline");
    visit.template operator()<&scheduler::has_failed_to_start>("has_failed_to_start");
}

/// An event that for_each_event() does not have has no name, and does not compile.
template <auto Event>
consteval std::string_view find_event_name()
{
    std::string_view found;
    for_each_event([&found]<auto Other>(std::string_view name) {
        if constexpr (std::is_same_v<std::integral_constant<decltype(Event), Event>, std::integral_constant<decltype(Other), Other>>)
            found = name;
    });
    return found.empty() ? throw "this event is missing in for_each_event()" : found;
}
template <auto Event>
inline constexpr std::string_view event_name = find_event_name<Event>();

} // namespace tandem::schedule

#endif
