// What users ask, and how tasks end.
#include <schedule/scheduler.hpp>

#include <algorithm>
#include <array>

namespace tandem::schedule {

void scheduler::submit(task& t, time_point now, actions& out)
{
    if (is_broken(now)) {
        complete(t, outcome::start_failed, out);
        return;
    }
    t.queue_deadline = deadline_after(now, t.options->queue_timeout);
    queue_.push_back(t);
    set_deadline(t, t.queue_deadline);
    assign(now, out);
}

bool scheduler::may_submit_behind_others(const task& t) const
{
    const bool wakes_none = idle_.empty() || (may_follow(t) && has_working_processors() && estimate(t) <= settings_.wake_time);
    return (wakes_none || waits_behind_others(t)) && !closed() &&
           t.options->queue_timeout <= std::chrono::nanoseconds::zero() && !starts_.is_hopeless() &&
           lasting_workers() >= settings_.workers;
}

void scheduler::cancel(task& t, cancellation how, time_point now, actions& out)
{
    if (how == cancellation::total && t.attempts != 0)
        return; // it has run, and may have had effects
    switch (t.state) {
    case task::phase::waiting:
    case task::phase::delayed:
        task_queue::remove(t);
        complete(t, outcome::aborted, out);
        break;
    case task::phase::sent:
        if (worker& w = workers_.at(t.worker); revoke(w, t)) {
            complete(t, outcome::aborted, out);
            if (w.sent.empty())
                made_progress(w, now);
            break;
        } else if (how == cancellation::total) {
            return; // it has begun
        } else if (task* const rest = split(w, t)) {
            complete(*rest, outcome::aborted, out);
        }
        if (how == cancellation::partial) {
            t.asked = true;
            out.push_back({.what = action::kind::ask_to_stop, .worker = t.worker, .subject = &t});
        } else if (how == cancellation::terminal && outcome_due(t) <= now) {
            t.aborted = true;
            kill_worker(t.worker, out);
        }
        break;
    case task::phase::completed:
        return;
    }
    assign(now, out);
}

bool scheduler::withdraw(task& t, time_point now)
{
    if (t.state == task::phase::waiting || t.attempts != 0)
        return t.attempts == 0;
    worker& w = workers_.at(t.worker);
    if (!revoke(w, t))
        return false;
    put_first(t);
    unassigned_ = true;
    if (w.sent.empty())
        made_progress(w, now);
    return true;
}

void scheduler::cancel_all(time_point now, actions& out)
{
    take_back_all(now); // first: what one worker is taken must not go to another
    fail_queue(outcome::aborted, out);
    kill_running(out);
    assign(now, out);
}

void scheduler::shutdown(const shutdown_options& ladder, time_point now, actions& out)
{
    ladder_ = ladder;
    rung_ = std::max(rung_.value_or(ladder.mode), ladder.mode);
    starts_all_ = false;
    enter_rung(now, out);
}

void scheduler::enter_rung(time_point now, actions& out)
{
    const std::array limits{ladder_.drain_timeout, ladder_.cancel_queued_timeout, ladder_.stop_timeout,
                            ladder_.kill_timeout};
    rung_deadline_ = deadline_after(now, limits[static_cast<std::size_t>(*rung_)]);
    if (*rung_ >= shutdown_mode::cancel_queued) {
        take_back_all(now);
        fail_queue(outcome::aborted, out);
    }
    if (*rung_ == shutdown_mode::stop)
        for (auto& [id, w] : workers_)
            for (task* t = w.sent.front(); t; t = t->next) { // which of them runs, its worker knows
                t->asked = true;
                out.push_back({.what = action::kind::ask_to_stop, .worker = id, .subject = t});
            }
    if (*rung_ == shutdown_mode::kill) {
        kill_running(out);
        for (auto& [id, w] : workers_)
            kill_worker(id, out);
    }
    assign(now, out);
}

void scheduler::kill_running(actions& out)
{
    for (auto& [id, w] : workers_) {
        for (task* t = w.sent.front(); t; t = t->next)
            t->aborted = true;
        if (!w.sent.empty())
            kill_worker(id, out);
    }
}

void scheduler::advance(time_point now, actions& out)
{
    end_dropped(out);
    while (task* const t = run_deadlines_.take_expired(now))
        expire_sent(*t, now, out);
    // What was dropped before ends before.
    for (std::size_t ended = 0; ended != most_ended && dropped_.empty(); ++ended) {
        task* const t = queue_deadlines_.take_expired(now);
        if (!t)
            break;
        expire_waiting(*t, out);
    }
    for (worker* const w : alarmed_workers(now)) {
        if (deadline_of(*w) <= now && !spare(*w, now))
            end_worker(w->id, action::kind::kill, retirement_reason::none, now, out);
        if (patience_end(*w) <= now) {
            w->slow = true;
            take_back(*w, w->sent.front());
        }
    }
    if (rung_deadline_ <= now) {
        rung_deadline_ = time_point::max();
        if (*rung_ == shutdown_mode::kill) {
            overdue_ = true;
        } else {
            rung_ = static_cast<shutdown_mode>(static_cast<int>(*rung_) + 1);
            enter_rung(now, out);
        }
    }
    assign(now, out);
}

std::vector<worker_id> scheduler::due_workers(time_point now) const
{
    std::vector<worker_id> due;
    if (rung_deadline_ <= now) {
        for (const auto& [id, w] : workers_)
            due.push_back(id);
    } else {
        for (const worker* const w : alarmed_workers(now))
            if (deadline_of(*w) <= now)
                due.push_back(w->id);
    }
    run_deadlines_.for_each_expired(now, [&due](const task& t) { due.push_back(t.worker); });
    return due;
}

time_point scheduler::next_deadline() const noexcept
{
    if (unassigned_ || !dropped_.empty())
        return time_point::min();
    time_point earliest = std::min(run_deadlines_.earliest(), queue_deadlines_.earliest());
    // Alarms are put off here, and not with each task that makes them later.
    worker* first = by_alarm_.first();
    for (time_point alarm; first && (alarm = alarm_of(*first)) != first->alarm; first = by_alarm_.first())
        set_alarm(*first, alarm);
    if (first)
        earliest = std::min(earliest, first->alarm);
    if (!idle_.empty())
        earliest = std::min(earliest, idle_end(*idle_.front()));
    if (unproven_ == 0 && (wants_worker() || wants_successor()))
        earliest = std::min(earliest, starts_.next_start());
    if (!workers_.empty() || queued() != 0)
        earliest = std::min(earliest, rung_deadline_);
    return earliest;
}

void scheduler::expire_waiting(task& t, actions& out)
{
    task_queue::remove(t);
    if (t.state == task::phase::delayed)
        put_first(t);
    else
        complete(t, outcome::queue_timeout, out);
}

void scheduler::expire_sent(task& t, time_point now, actions& out)
{
    worker& w = workers_.at(t.worker);
    if (t.queue_deadline <= now) {
        if (revoke(w, t)) {
            complete(t, outcome::queue_timeout, out);
            if (w.sent.empty())
                made_progress(w, now);
            return;
        }
        if (task* const rest = split(w, t))
            complete(*rest, outcome::queue_timeout, out);
    }
    if (w.killed)
        return; // its end is on the way
    if (const time_point due = outcome_due(t); due > now) {
        set_deadline(t, due);
        return;
    }
    if (t.timed_out) { // its grace period is over
        kill_worker(t.worker, out);
        return;
    }
    time_point end = run_end(t, now);
    if (end <= now) {
        if (task* const rest = split(w, t)) { // it is the last of its calls that is late, if none began meanwhile
            put_first(*rest);
            unassigned_ = true;
            end = run_end(t, now);
        }
    }
    if (end > now) {
        set_deadline(t, t.queue_deadline > now ? std::min(t.queue_deadline, end) : end);
        return;
    }
    t.timed_out = true;
    if (t.options->grace_period <= std::chrono::nanoseconds::zero()) {
        kill_worker(t.worker, out);
        return;
    }
    out.push_back({.what = action::kind::ask_to_stop, .worker = t.worker, .subject = &t});
    set_deadline(t, deadline_after(now, t.options->grace_period));
}

// The worker may be wrong about the time, but no more than to its own task's harm.
time_point scheduler::run_end(const task& t, time_point now) const
{
    const time_point since = std::clamp(sent_.begun(t).value_or(now), time_point{}, now);
    return deadline_after(since, t.options->run_timeout);
}

void scheduler::complete(task& t, outcome why, actions& out)
{
    clear_deadline(t);
    t.state = task::phase::completed;
    out.push_back({.what = action::kind::complete, .worker = t.worker, .subject = &t, .why = why});
}

// However many there are: they are out of the queue at once.
void scheduler::fail_queue(outcome why, actions& out)
{
    for (task_queue* const tasks : {&queue_, &delayed_})
        if (!tasks->empty())
            dropped_.push_back({tasks->take_all(), why});
    end_dropped(out);
}

// It does not end at once: others' tasks do not complete where one is submitted.
void scheduler::drop(task& t, outcome why)
{
    task_queue::remove(t);
    if (dropped_.empty() || dropped_.back().why != why)
        dropped_.push_back({task_queue(), why});
    dropped_.back().tasks.push_back(t);
}

void scheduler::end_dropped(actions& out)
{
    std::size_t ended = 0;
    while (!dropped_.empty()) {
        auto& [tasks, why] = dropped_.front();
        task* const t = tasks.front();
        if (!t) {
            dropped_.pop_front();
            continue;
        }
        if (ended++ == most_ended)
            return;
        task_queue::remove(*t);
        complete(*t, why, out);
    }
}

void scheduler::give_up_or_retry(task& t, outcome why, time_point now, actions& out)
{
    ++t.attempts;
    if (t.aborted) {
        complete(t, outcome::aborted, out);
        return;
    }
    const auto cause = why == outcome::run_timeout ? retry_cause::run_timeout : retry_cause::worker_died;
    const bool wanted = (static_cast<unsigned>(t.options->retry_on) & static_cast<unsigned>(cause)) != 0;
    const bool leaves_time = !rung_ || *rung_ == shutdown_mode::drain;
    const bool may_retry = wanted && t.attempts <= t.options->retries && !t.asked;
    const bool has_begun = t.items != 0; // a call of it
    if (!leaves_time || (has_begun && !may_retry)) {
        complete(t, why, out);
        return;
    }
    t.timed_out = false;
    t.alone = t.alone || has_begun;
    t.queue_deadline = time_point::max(); // it was begun once
    out.push_back({.what = action::kind::retry, .worker = t.worker, .subject = &t, .why = why});
    constexpr unsigned most_doublings = 6;
    const auto factor = 1 << std::min(t.attempts - 1, most_doublings);
    if (t.options->retry_delay <= std::chrono::nanoseconds::zero()) {
        put_first(t);
    } else {
        t.state = task::phase::delayed;
        delayed_.push_back(t);
        const time_point again = t.options->retry_delay > std::chrono::nanoseconds::max() / factor
                                     ? time_point::max()
                                     : deadline_after(now, t.options->retry_delay * factor);
        set_deadline(t, again);
    }
    run_again_what_is_lost(t);
}

// Of several calls the last one is to blame. Those before it were done, but their results went with it: no run of theirs failed.
void scheduler::run_again_what_is_lost(task& failed)
{
    if (failed.items < 2)
        return;
    task& lost = *sent_.split_first(failed, failed.items - 1);
    put_first(lost);
    unassigned_ = true;
}

} // namespace tandem::schedule
