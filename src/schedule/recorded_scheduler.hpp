// A scheduler that can be recorded: the way in which a pool has it. Without a recorder an event costs a comparison more.
//
// A pool reaches nothing of the scheduler but what stands here. Events go through tell(), which takes only those that
// have a name in recordings. What is asked is const.
#ifndef TANDEM_SCHEDULE_RECORDED_SCHEDULER_HPP
#define TANDEM_SCHEDULE_RECORDED_SCHEDULER_HPP

#include <schedule/recorder.hpp>
#include <schedule/scheduler.hpp>

#include <exception>
#include <type_traits>

namespace tandem::schedule {

class recorded_scheduler : private scheduler
{
    void describe(task& t)
    {
        if (record_) [[unlikely]]
            record_->describe(t);
    }

    // By value what is small: it stays in registers where nothing is recorded.
    template <class Argument>
    using passed = std::conditional_t<std::is_same_v<Argument, task> || std::is_same_v<Argument, actions>, Argument&,
                                      std::remove_const_t<Argument>>;

    template <auto Event, class... Arguments>
    auto tell(Arguments&... arguments)
    {
        scheduler& told = *this;
        if (!record_) [[likely]]
            return (told.*Event)(arguments...);
        return record<Event, scheduler, passed<Arguments>...>(*record_, told, arguments...);
    }

    // A question to which the answer depends on sent_tasks.
    template <auto Question, class... Arguments>
    auto ask(Arguments&... arguments) const
    {
        const scheduler& asked = *this;
        if (!record_) [[likely]]
            return (asked.*Question)(arguments...);
        return record<Question, const scheduler, passed<Arguments>...>(*record_, asked, arguments...);
    }

    template <auto Event, class Scheduler, class... Arguments>
    [[gnu::cold, gnu::noinline]] static auto record(recorder& target, Scheduler& told, Arguments... arguments)
    {
        const auto happen = [&] { return (told.*Event)(arguments...); };
        return target.is_on() ? target.record(event_name<Event>, happen, arguments...) : happen();
    }

public:
    using scheduler::actions;

    /// `record` may be nothing. Else it lives longer, and was made with the same `sent`.
    recorded_scheduler(const settings& s, sent_tasks& sent, recorder* record)
        : scheduler(s, record ? record->answers() : sent), record_(record)
    {
    }

    // --- what users ask
    void submit(task& t, time_point now, actions& out)
    {
        describe(t);
        tell<&scheduler::submit>(t, now, out);
    }
    bool may_submit_behind_others(const task& t) const { return scheduler::may_submit_behind_others(t); }
    void submit_behind_others(task& t)
    {
        describe(t);
        tell<&scheduler::submit_behind_others>(t);
    }
    void cancel(task& t, cancellation how, time_point now, actions& out) { tell<&scheduler::cancel>(t, how, now, out); }
    void cancel_all(time_point now, actions& out) { tell<&scheduler::cancel_all>(now, out); }
    bool withdraw(task& t, time_point now) { return tell<&scheduler::withdraw>(t, now); }
    void start_all(actions& out) { tell<&scheduler::start_all>(out); }
    void stop_starting_all() { tell<&scheduler::stop_starting_all>(); }
    void shutdown(const shutdown_options& ladder, time_point now, actions& out) { tell<&scheduler::shutdown>(ladder, now, out); }

    // --- what workers do
    void worker_launched(worker_id id, time_point now) { tell<&scheduler::worker_launched>(id, now); }
    void worker_progressed(worker_id id, time_point now) { tell<&scheduler::worker_progressed>(id, now); }
    void worker_greeted(worker_id id, time_point now) { tell<&scheduler::worker_greeted>(id, now); }
    void worker_ready(worker_id id, time_point now, actions& out) { tell<&scheduler::worker_ready>(id, now, out); }
    bool task_finished(worker_id id, std::chrono::nanoseconds took, std::uint64_t resident_memory, time_point now, actions& out)
    {
        return tell<&scheduler::task_finished>(id, took, resident_memory, now, out);
    }
    void settle(time_point now, actions& out)
    {
        if (!is_settled())
            tell<&scheduler::settle>(now, out);
    }
    void task_refused(task& t, time_point now, actions& out) { tell<&scheduler::task_refused>(t, now, out); }
    void worker_gone(worker_id id, bool can_start_again, time_point now, actions& out)
    {
        tell<&scheduler::worker_gone>(id, can_start_again, now, out);
    }
    void worker_leaves(worker_id id, time_point now) { tell<&scheduler::worker_leaves>(id, now); }
    void take_back_unsent(worker_id id, time_point now) { tell<&scheduler::take_back_unsent>(id, now); }
    void kill_worker(worker_id id, actions& out) { tell<&scheduler::kill_worker>(id, out); }

    void forget_all() noexcept
    {
        try {
            tell<&scheduler::forget_all>();
        } catch (const std::exception&) { // it cannot be recorded
            scheduler::forget_all();
        }
    }

    // --- time
    void advance(time_point now, actions& out) { tell<&scheduler::advance>(now, out); }
    std::vector<worker_id> due_workers(time_point now) const { return ask<&scheduler::due_workers>(now); }
    /// Who asks is about to wait, so what was recorded until now is written.
    time_point next_deadline() const
    {
        const time_point next = ask<&scheduler::next_deadline>();
        if (record_) [[unlikely]]
            record_->flush();
        return next;
    }

    // --- what is
    bool has_failed_to_start(worker_id id) const { return ask<&scheduler::has_failed_to_start>(id); }
    bool closed() const noexcept { return scheduler::closed(); }
    bool knows(worker_id id) const noexcept { return scheduler::knows(id); }
    bool is_starting_all() const noexcept { return scheduler::is_starting_all(); }
    bool is_overdue() const noexcept { return scheduler::is_overdue(); }
    bool is_broken(time_point now) const noexcept { return scheduler::is_broken(now); }
    bool is_settled() const noexcept { return scheduler::is_settled(); }
    std::size_t queued() const noexcept { return scheduler::queued(); }
    std::size_t waiting() const noexcept { return scheduler::waiting(); }
    std::size_t running() const noexcept { return scheduler::running(); }
    std::size_t workers() const noexcept { return scheduler::workers(); }
    std::size_t ready_workers() const noexcept { return scheduler::ready_workers(); }
    std::size_t idle_workers() const noexcept { return scheduler::idle_workers(); }
    bool is_ending(worker_id id) const noexcept { return scheduler::is_ending(id); }
    task* task_of(worker_id id) noexcept { return scheduler::task_of(id); } // changes where it looks first, and no more
    std::chrono::nanoseconds load(worker_id id) noexcept { return scheduler::load(id); }
    template <class Function>
    void for_each_task_of(worker_id id, Function function) const
    {
        scheduler::for_each_task_of(id, function);
    }

private:
    recorder* const record_;
};

} // namespace tandem::schedule

#endif
