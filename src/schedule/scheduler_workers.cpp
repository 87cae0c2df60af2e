// What workers do, and which tasks they are given.
#include <schedule/scheduler.hpp>

#include <algorithm>

namespace tandem::schedule {

// --- what workers do

void scheduler::worker_launched(worker_id id, time_point now)
{
    worker_progressed(id, now);
}

void scheduler::worker_progressed(worker_id id, time_point now)
{
    if (worker* const w = find(id); w && (w->at == state::starting || w->at == state::busy))
        set_deadline(*w, deadline_after(now, settings_.start_timeout));
}

void scheduler::worker_greeted(worker_id id, time_point now)
{
    if (const auto it = workers_.find(id); it != workers_.end() && it->second.at == state::starting)
        set_deadline(it->second, deadline_after(now, settings_.start_timeout));
}

void scheduler::worker_ready(worker_id id, time_point now, actions& out)
{
    const auto it = workers_.find(id);
    if (it == workers_.end() || it->second.at != state::starting)
        return;
    worker& ready = it->second;
    if (settings_.retire_age > std::chrono::nanoseconds::zero())
        by_age_.push_back(&ready);
    --starting_;
    --unproven_;
    ready.was_ready = true;
    ready.was_spared = false;
    ready.ready_since = now;
    ready.deadline = time_point::max();
    made_progress(ready, now);
    if (starts_all_ && ready_workers() >= settings_.workers)
        all_started(now);
    for (worker* const due : due_) {
        due->replaced = due->replaced || due->successor == id;
        has_spent_idle_ = has_spent_idle_ || (due->at == state::idle && is_spent(*due));
    }
    assign(now, out);
}

bool scheduler::task_finished(worker_id id, std::chrono::nanoseconds took, std::uint64_t resident_memory,
                              time_point now, actions& out)
{
    worker& w = *find(id);
    task& t = *w.sent.front();
    starts_.succeeded();
    w.has_finished = true;
    w.was_spared = false;
    if (t.cost && t.items != 0) // none: all were taken back
        t.cost->add(took / t.items);
    if (settings_.retire_memory != 0 && resident_memory > settings_.retire_memory && w.due == retirement_reason::none)
        set_due(w, retirement_reason::resident_memory);
    forget_sent(w, t);
    made_progress(w, now);
    clear_deadline(t);
    const bool counts = !t.timed_out;
    if (counts) {
        ++t.attempts;
        t.state = task::phase::completed;
    } else {
        give_up_or_retry(t, outcome::run_timeout, now, out);
    }
    unassigned_ = true;
    return counts;
}

void scheduler::task_refused(task& t, time_point now, actions& out)
{
    worker& w = workers_.at(t.worker);
    forget_sent(w, t);
    w.tasks -= t.items;
    clear_deadline(t);
    t.state = task::phase::completed;
    if (w.sent.empty())
        made_progress(w, now);
    assign(now, out);
}

void scheduler::take_back_unsent(worker_id id, time_point now)
{
    worker& w = workers_.at(id);
    take_back(w);
    made_progress(w, now);
}

void scheduler::worker_gone(worker_id id, bool can_start_again, time_point now, actions& out)
{
    const auto it = workers_.find(id);
    if (it == workers_.end())
        return;
    const bool failed = has_failed_to_start(id);
    worker& w = it->second;
    leave(w);
    for (task* t = w.sent.front(); t; t = w.sent.front()) { // what is left was begun
        starts_.succeeded();
        forget_sent(w, *t);
        clear_deadline(*t);
        give_up_or_retry(*t, t->timed_out ? outcome::run_timeout : outcome::worker_died, now, out);
    }
    if (w.due == retirement_reason::none)
        --lasting_;
    else
        std::erase(due_, &w);
    if (!w.was_ready)
        --unproven_;
    --ending_;
    std::erase(by_age_, &w);
    sort_by_load(); // so that it is not among the unsorted
    by_load_.remove(w);
    by_alarm_.remove(w);
    workers_.erase(it);
    last_found_ = nullptr;
    for (worker* const due : due_)
        if (due->successor == id && !due->replaced)
            due->successor = 0;
    if (failed)
        start_failed(can_start_again, now, out);
    assign(now, out);
}

void scheduler::worker_leaves(worker_id id, time_point now)
{
    const auto it = workers_.find(id);
    if (it == workers_.end() || it->second.at == state::ending)
        return;
    leave(it->second);
    set_deadline(it->second, deadline_after(now, settings_.retire_timeout));
}

void scheduler::kill_worker(worker_id id, actions& out)
{
    end_worker(id, action::kind::kill, retirement_reason::none, time_point::max(), out);
}

void scheduler::forget_all() noexcept
{
    queue_.clear();
    delayed_.clear();
    dropped_.clear();
    run_deadlines_.clear_all();
    queue_deadlines_.clear_all();
    by_load_.clear();
    unsorted_ = nullptr;
    by_alarm_.clear();
    workers_.clear();
    idle_.clear();
    due_.clear();
    by_age_.clear();
    last_found_ = nullptr;
    starting_ = unproven_ = ending_ = lasting_ = running_ = occupied_ = 0;
    starts_all_ = has_spent_idle_ = unassigned_ = false;
}

// --- what is

bool scheduler::is_ending(worker_id id) const noexcept
{
    const auto it = workers_.find(id);
    return it == workers_.end() || it->second.at == state::ending;
}

task* scheduler::task_of(worker_id id) noexcept
{
    const worker* const w = find(id);
    return w ? w->sent.front() : nullptr;
}

bool scheduler::has_failed_to_start(worker_id id) const
{
    const auto it = workers_.find(id);
    if (it == workers_.end())
        return false;
    const worker& w = it->second;
    if (!w.was_ready)
        return true;
    // Whoever ends right after it was ready, each time, is no better.
    bool begun = w.has_finished;
    for (const task* t = w.sent.front(); t && !begun; t = t->next)
        begun = sent_.begun(*t).has_value();
    return !begun && (!w.sent.empty() || w.left_unbegun);
}

// --- giving tasks to workers

void scheduler::assign(time_point now, actions& out)
{
    unassigned_ = false;
    note_ages(now);
    send_queue(now, out);
    retire_idle_workers(now, out); // first: that makes room for others
    while (wants_worker() && starts_.may_start(now, unproven_))
        start_one(out);
    if (!due_.empty())
        replace_due_workers(now, out);
}

void scheduler::send_queue(time_point now, actions& out)
{
    // Looking for the worker that has least takes time, so it is given a little more than one small task.
    const std::chrono::nanoseconds portion = settings_.sent_ahead / 16;
    worker* target = nullptr;
    std::chrono::nanoseconds enough{0};
    std::size_t expired = 0;
    while (task* const t = queue_.front()) {
        if (t->queue_deadline <= now) { // there may be so many that they have not ended yet
            if (expired++ == most_ended) {
                unassigned_ = true;
                return;
            }
            drop(*t, outcome::queue_timeout);
            continue;
        }
        t->charged = estimate(*t);
        if (!target || t->charged > enough - target->load || !may_follow(*t) || !has_room(*target, *t, now)) {
            target = worker_for(*t, now);
            if (!target)
                return;
            enough = target->load + portion;
        }
        send(*target, as_many_as_left(*target, *t), now, out);
    }
}

scheduler::worker* scheduler::worker_for(const task& t, time_point now) noexcept
{
    if (!idle_.empty() && may_follow(t))
        if (worker* const awake = awake_worker_for(t, now))
            return awake;
    // A successor that is ready waits for the one that is due: no more tasks run at once than there are to be workers.
    const bool may_occupy = occupied_ < settings_.workers;
    for (auto idle = idle_.rbegin(); may_occupy && idle != idle_.rend(); ++idle)
        if (!is_spent(**idle))
            return *idle;
    return may_follow(t) ? least_loaded_for(t, now) : nullptr;
}

// One to which it goes though others are idle.
scheduler::worker* scheduler::awake_worker_for(const task& t, time_point now) noexcept
{
    // Whoever woke would wait for a processor. What is so short does not wait for anything else.
    const bool all_work = has_working_processors() && t.charged <= settings_.wake_time;
    const auto last = workers_.find(last_sent_to_);
    if (last != workers_.end() && (all_work || last->second.load + t.charged <= settings_.wake_time) &&
        has_room(last->second, t, now))
        return &last->second;
    return all_work ? least_loaded_for(t, now) : nullptr;
}

scheduler::worker* scheduler::least_loaded_for(const task& t, time_point now) noexcept
{
    sort_by_load();
    worker* first = by_load_.first();
    for (; first && !is_open(*first, now); first = by_load_.first())
        by_load_.remove(*first); // until it has done something
    if (!first || !has_time(*first, t))
        return nullptr;
    if (has_bytes(*first, t))
        return first;
    // It has no room for so many bytes, or others have more to do and less to read.
    worker* least = nullptr;
    by_load_.for_each_while([&](const worker& w) { return has_time(w, t); },
                            [&](worker& w) {
                                if (has_room(w, t, now) && (!least || less_loaded()(w, *least)))
                                    least = &w;
                            });
    return least;
}

void scheduler::sort_by_load()
{
    for (worker* w = std::exchange(unsorted_, nullptr); w; w = w->next_unsorted) {
        w->is_unsorted = false;
        w->sorted_load = w->load;
        if (w->at == state::busy)
            by_load_.put(*w); // also where it took no more
        else
            by_load_.remove(*w);
    }
}

bool scheduler::waits_behind_slow_task(const worker& w) const noexcept
{
    return settings_.workers > 1 && !w.slow && (w.sent.size() > 1 || (!w.sent.empty() && w.sent.front()->items > 1));
}

time_point scheduler::deadline_of(const worker& w) const
{
    return w.at == state::busy && sent_.begun(*w.sent.front()) ? time_point::max() : w.deadline;
}

// When too much time has gone for what waits behind its first task; never where nothing does.
time_point scheduler::patience_end(const worker& w) const noexcept
{
    return waits_behind_slow_task(w) ? w.progress + settings_.patience : time_point::max();
}

// Whether a task has begun is asked only where that matters.
time_point scheduler::alarm_of(const worker& w) const
{
    const time_point end = patience_end(w);
    return w.deadline < end ? std::min(deadline_of(w), end) : end;
}

void scheduler::set_alarm(worker& w, time_point alarm) const
{
    w.alarm = alarm;
    if (alarm == time_point::max())
        by_alarm_.remove(w);
    else
        by_alarm_.put(w);
}

void scheduler::set_deadline(worker& w, time_point deadline)
{
    w.deadline = deadline;
    if (deadline < w.alarm)
        set_alarm(w, deadline);
}

// With each task: mostly there is an earlier alarm.
void scheduler::note_patience(worker& w)
{
    if (w.progress + settings_.patience < w.alarm && waits_behind_slow_task(w))
        set_alarm(w, w.progress + settings_.patience);
}

// Those that advance() must look at, in the order of their numbers.
std::vector<scheduler::worker*> scheduler::alarmed_workers(time_point now) const
{
    std::vector<worker*> alarmed;
    by_alarm_.for_each_while([now](const worker& w) { return w.alarm <= now; }, [&](worker& w) { alarmed.push_back(&w); });
    std::ranges::sort(alarmed, {}, &worker::id);
    return alarmed;
}

// Whoever notices a deadline so late was stopped, or busy. The worker may have been stopped with it, so it has its time
// once more.
bool scheduler::spare(worker& w, time_point now)
{
    constexpr std::chrono::seconds late{1};
    if (w.was_spared || w.at == state::ending || now - w.deadline < late)
        return false;
    w.was_spared = true;
    set_deadline(w, deadline_after(now, settings_.start_timeout));
    return true;
}

time_point scheduler::outcome_due(const task& t) const
{
    const auto ended = sent_.ended(t);
    return ended ? deadline_after(*ended, settings_.outcome_timeout) : time_point::min();
}

void scheduler::send(worker& w, task& t, time_point now, actions& out)
{
    if (w.at == state::idle) {
        leave_idleness(w);
        w.at = state::busy;
        w.progress = now;
        set_deadline(w, deadline_after(now, settings_.start_timeout));
    }
    last_sent_to_ = w.id;
    t.worker = w.id;
    clear_deadline(t);
    t.state = task::phase::sent;
    if (w.sent.empty())
        ++occupied_;
    w.sent.push_back(t);
    w.load += t.charged;
    w.bytes += t.bytes;
    load_changed(w);
    note_patience(w);
    ++running_;
    w.tasks += t.items;
    if (settings_.retire_tasks != 0 && w.tasks >= settings_.retire_tasks && w.due == retirement_reason::none)
        set_due(w, retirement_reason::tasks);
    // It begins now at the earliest; what is known then is asked when this passes.
    set_deadline(t, std::min(t.queue_deadline, deadline_after(now, t.options->run_timeout)));
    action& sent = out.emplace_back();
    sent.what = action::kind::send;
    sent.worker = w.id;
    sent.subject = &t;
}

bool scheduler::revoke(worker& w, task& t)
{
    if (!sent_.revoke(t))
        return false;
    forget_sent(w, t);
    w.tasks -= t.items;
    return true;
}

void scheduler::forget_sent(worker& w, task& t) noexcept
{
    w.sent.remove(t);
    w.load -= t.charged;
    w.bytes -= t.bytes;
    --running_;
    if (w.sent.empty())
        --occupied_;
    load_changed(w);
}

void scheduler::take_back(worker& w, task* behind)
{
    const auto put_back = [this](task& t) {
        put_first(t);
        unassigned_ = true;
    };
    for (task* t = w.sent.back(); t != behind;) {
        task* const before = t->previous;
        if (revoke(w, *t))
            put_back(*t);
        else if (task* const rest = split(w, *t))
            put_back(*rest);
        t = before;
    }
    if (behind)
        if (task* const rest = split(w, *behind))
            put_back(*rest);
}

task* scheduler::split(worker& w, task& t)
{
    task* const rest = t.items > 1 ? sent_.split(t) : nullptr;
    if (rest) {
        w.load -= t.charged;
        t.charged = estimate(t);
        w.load += t.charged;
        w.tasks -= rest->items;
        rest->queue_deadline = t.queue_deadline;
        load_changed(w);
    }
    return rest;
}

task& scheduler::split_first(task& t, std::uint32_t count)
{
    task& first = *sent_.split_first(t, count);
    first.queue_deadline = t.queue_deadline;
    first.charged = estimate(first);
    return first;
}

void scheduler::take_back_all(time_point now)
{
    for (auto& [id, w] : workers_) {
        if (w.at != state::busy)
            continue;
        take_back(w);
        if (w.sent.empty())
            made_progress(w, now);
    }
}

void scheduler::put_first(task& t)
{
    clear_deadline(t);
    t.state = task::phase::waiting;
    queue_.push_front(t);
    set_deadline(t, t.queue_deadline);
}

void scheduler::made_progress(worker& w, time_point now)
{
    w.progress = now;
    w.slow = false;
    note_patience(w);
    if (w.at == state::ending)
        return;
    set_deadline(w, w.sent.empty() ? time_point::max() : deadline_after(now, settings_.start_timeout));
    if (!w.sent.empty())
        return;
    w.at = state::idle;
    idle_.push_back(&w);
    has_spent_idle_ = has_spent_idle_ || is_spent(w);
}

void scheduler::leave_idleness(worker& w) noexcept
{
    const auto last = std::find(idle_.rbegin(), idle_.rend(), &w); // mostly the first that is seen
    idle_.erase(std::next(last).base());
}

// --- starting and ending workers

void scheduler::set_due(worker& w, retirement_reason reason) noexcept
{
    if (w.due == retirement_reason::none) {
        --lasting_;
        due_.push_back(&w);
    }
    w.due = reason;
}

bool scheduler::wants_worker() const noexcept
{
    return (starts_all_ || starting_ < queue_.size()) && lasting_workers() < settings_.workers;
}

bool scheduler::lacks_successor(const worker& w) noexcept
{
    return w.due != retirement_reason::none && w.due != retirement_reason::idle && w.successor == 0 &&
           w.at != state::ending;
}

bool scheduler::wants_successor() const noexcept
{
    const auto lacks = [](const worker* w) { return lacks_successor(*w); };
    return !closed() && lasting_workers() < settings_.workers && std::ranges::any_of(due_, lacks);
}

void scheduler::start_one(actions& out)
{
    const std::size_t size = workers_.size() + 1; // none of these allocates later
    by_load_.reserve(size);
    by_alarm_.reserve(size);
    due_.reserve(size);
    idle_.reserve(size);
    const worker_id id = next_worker_++;
    // Whatever it is started for: where a worker is due, this one takes its place.
    worker* replaced = nullptr;
    for (worker* const due : due_)
        if (lacks_successor(*due) && (!replaced || due->id < replaced->id))
            replaced = due;
    if (replaced)
        replaced->successor = id;
    workers_[id].id = id; // which has no deadline until it is launched: that may take as long as the context is busy
    ++starting_;
    ++unproven_;
    ++lasting_;
    out.push_back({.what = action::kind::start_worker, .worker = id});
}

void scheduler::start_all(actions& out)
{
    starts_all_ = !closed() && ready_workers() < settings_.workers;
    while (!closed() && lasting_workers() < settings_.workers)
        start_one(out);
}

void scheduler::all_started(time_point now)
{
    starts_all_ = false;
    for (worker* const w : idle_)
        w->progress = now; // none of them was idle while others were waited for
}

void scheduler::start_failed(bool can_start_again, time_point now, actions& out)
{
    starts_.failed(can_start_again, now);
    const bool others_may_go_better = can_start_again && starting_ != 0;
    if (starts_.is_hopeless() && ready_workers() == 0 && !others_may_go_better)
        fail_queue(outcome::start_failed, out);
}

void scheduler::end_worker(worker_id id, action::kind how, retirement_reason reason, time_point now, actions& out)
{
    const auto it = workers_.find(id);
    if (it == workers_.end())
        return;
    worker& w = it->second;
    if (w.killed || (w.at == state::ending && how == action::kind::retire))
        return;
    leave(w);
    w.killed = how == action::kind::kill;
    set_deadline(w, w.killed ? time_point::max() : deadline_after(now, settings_.retire_timeout));
    out.push_back({.what = how, .worker = id, .reason = reason});
}

void scheduler::leave(worker& w)
{
    if (w.at == state::starting)
        --starting_;
    if (w.at == state::idle)
        leave_idleness(w);
    if (w.at != state::ending)
        ++ending_;
    w.at = state::ending;
    load_changed(w);
    const std::size_t had = w.sent.size();
    take_back(w);
    w.left_unbegun = w.left_unbegun || w.sent.size() != had;
}

void scheduler::note_ages(time_point now) noexcept
{
    for (; !by_age_.empty() && deadline_after(by_age_.front()->ready_since, settings_.retire_age) <= now; by_age_.pop_front())
        if (by_age_.front()->due == retirement_reason::none)
            set_due(*by_age_.front(), retirement_reason::age);
}

// While all are being started, who is ready waits for the rest.
time_point scheduler::idle_end(const worker& w) const noexcept
{
    return starts_all_ ? time_point::max() : deadline_after(w.progress, settings_.retire_idle);
}

void scheduler::replace_due_workers(time_point now, actions& out)
{
    while (wants_successor() && starts_.may_start(now, unproven_))
        start_one(out);
}

void scheduler::retire_idle_workers(time_point now, actions& out)
{
    const bool all_retire = closed() && queued() == 0;
    const bool some_retire = !idle_.empty() && (all_retire || has_spent_idle_ || idle_end(*idle_.front()) <= now);
    if (!some_retire)
        return;
    has_spent_idle_ = false;
    for (std::size_t i = idle_.size(); i-- != 0;) { // backwards, as who retires leaves it
        worker& w = *idle_[i];
        auto reason = retirement_reason::none;
        if (all_retire)
            reason = retirement_reason::shutdown;
        else if (is_spent(w))
            reason = w.due;
        else if (idle_end(w) <= now)
            set_due(w, reason = retirement_reason::idle);
        if (reason != retirement_reason::none)
            end_worker(w.id, action::kind::retire, reason, now, out);
    }
}

} // namespace tandem::schedule
