// Which task goes to which worker, when workers start and end, deadlines and retries. Sans-io: events are function
// calls that are told the time, and what is to be done comes back as actions. Knows neither Asio nor processes.
#ifndef TANDEM_SCHEDULE_SCHEDULER_HPP
#define TANDEM_SCHEDULE_SCHEDULER_HPP

#include <schedule/deadlines.hpp>
#include <schedule/indexed_heap.hpp>
#include <schedule/start_breaker.hpp>
#include <schedule/task_queue.hpp>
#include <tandem/shutdown_mode.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace tandem::schedule {

using worker_id = std::uint32_t;

/// Why a task completes without a result of its own, or is run again.
enum class outcome : std::uint8_t
{
    aborted,
    queue_timeout,
    run_timeout,
    worker_died,
    start_failed
};

/// Why a worker has served long enough.
enum class retirement_reason
{
    none,
    tasks,
    age,
    resident_memory,
    idle,
    shutdown
};

struct action
{
    enum class kind
    {
        start_worker, ///< start `worker`; answer with worker_ready or worker_gone
        send,         ///< send `subject` to `worker`
        ask_to_stop,  ///< tell `worker` that `subject` is asked to stop
        retire,       ///< let the idle `worker` exit, because of `reason`; answer with worker_gone
        kill,         ///< end `worker` with its process group; answer with worker_gone
        retry,        ///< the run of `subject` failed with `why`; it will be run again
        complete      ///< complete `subject` with `why`; it is forgotten
    };
    kind what;
    worker_id worker = 0;
    task* subject = nullptr;
    outcome why = outcome::aborted;
    retirement_reason reason = retirement_reason::none;
};

enum class cancellation
{
    total,
    partial,
    terminal
};

/// What can be learnt of a sent task without asking its worker.
class sent_tasks
{
public:
    /// Takes the task back: true where it was not begun and never will be.
    virtual bool revoke(task& t) = 0;

    /// Takes what was not begun of a begun task of several calls out of it: a task of its own, which the scheduler has
    /// from then on, and the other has so many fewer. Nothing where all were begun.
    virtual task* split(task& t) = 0;

    /// Takes the first `count` calls out of a task of more, which no worker has: a task of its own, as split() makes it.
    virtual task* split_first(task& t, std::uint32_t count) = 0;

    /// When the worker began it; nothing where it has not.
    virtual std::optional<time_point> begun(const task& t) const = 0;

    /// When the worker had done it, or when more of its outcome came, if that is under way; nothing where it has not.
    virtual std::optional<time_point> ended(const task& t) const = 0;

protected:
    ~sent_tasks() = default;
};

struct settings
{
    std::size_t workers = 1;
    std::chrono::nanoseconds start_timeout = std::chrono::seconds(10);
    /// How long a retired worker may take to exit before it is killed.
    std::chrono::nanoseconds retire_timeout = std::chrono::seconds(1);
    /// How long an outcome may be under way before its task's deadline counts.
    std::chrono::nanoseconds outcome_timeout = std::chrono::seconds(1);
    start_settings starts{};
    // When workers are retired; zero for never.
    std::uint64_t retire_tasks = 0;
    std::chrono::nanoseconds retire_age{0};
    std::uint64_t retire_memory = 0;
    std::chrono::nanoseconds retire_idle{0};
    /// How much estimated work a worker holds: as much as hides the way there and back. Zero: one task at a time.
    std::chrono::nanoseconds sent_ahead = std::chrono::milliseconds(1);
    /// How many bytes wait for a worker behind its first task: what is taken back of them was copied in vain. 256 KiB are four
    /// times what a pipe holds.
    std::size_t sent_ahead_bytes = std::size_t{256} * 1024;
    /// About as long as it takes to wake an idle worker: what the last one is thought to do sooner goes there.
    std::chrono::nanoseconds wake_time = std::chrono::microseconds(10);
    /// What is done sooner than a worker wakes goes to those that are awake, as far as they have room, where as many have tasks
    /// as there are processors.
    std::size_t processors = std::numeric_limits<std::uint32_t>::max();
    /// How many tasks a worker holds at the most.
    std::size_t most_sent = 1024;
    /// What waits behind a task that runs so much longer than it was thought to is taken back. A few times sent_ahead,
    /// so that usual deviations cost nothing.
    std::chrono::nanoseconds patience = std::chrono::milliseconds(3);
};

class scheduler
{
public:
    using actions = std::vector<action>;

    scheduler(const settings& s, sent_tasks& sent) : settings_(s), sent_(sent), starts_(s.starts) {}

    // --- what users ask
    void submit(task& t, time_point now, actions& out);
    /// Whether it makes no worker begin something: tasks wait that come first, or it would go behind those that a worker has.
    bool may_submit_behind_others(const task& t) const;
    /// The same as submit() where it may be used, and settle() is called afterwards, where something follows: for many tasks at once.
    void submit_behind_others(task& t)
    {
        unassigned_ = !waits_behind_others(t);
        queue_.push_back(t);
    }
    void cancel(task& t, cancellation how, time_point now, actions& out);
    void cancel_all(time_point now, actions& out);
    /// Takes the task back into the queue where it was sent. False where it has begun.
    bool withdraw(task& t, time_point now);
    /// Starts workers up to the limit, whether or not there are tasks; until all are ready, or it is told otherwise.
    void start_all(actions& out);
    void stop_starting_all() noexcept { starts_all_ = false; }
    /// Whether all have yet to be ready. One that ends afterwards changes nothing: it has been started.
    bool is_starting_all() const noexcept { return starts_all_; }
    /// Begins the ladder at its mode, or goes on to it. Deadlines are those of the last call.
    void shutdown(const shutdown_options& ladder, time_point now, actions& out);

    // --- what workers do
    /// The worker's process was started: from now on it has start_timeout.
    void worker_launched(worker_id id, time_point now);
    /// The worker took some of what it is being sent: it has start_timeout again.
    void worker_progressed(worker_id id, time_point now);
    /// The worker has been heard of, and prepares itself for a while more.
    void worker_greeted(worker_id id, time_point now);
    void worker_ready(worker_id id, time_point now, actions& out);
    /// The worker did the first of what it was sent, in `took`. Whether its result counts: else the task's completion,
    /// or its retry, is among the actions.
    bool task_finished(worker_id id, std::chrono::nanoseconds took, std::uint64_t resident_memory, time_point now,
                       actions& out);
    /// Gives tasks to workers that finished some; to be called after one or more calls of task_finished().
    void settle(time_point now, actions& out)
    {
        if (!is_settled())
            assign(now, out);
    }
    /// The worker cannot do what it was to be sent; completing it is the caller's.
    void task_refused(task& t, time_point now, actions& out);
    /// The worker's end is certain. `can_start_again`: whether another start might go better, if this one failed.
    void worker_gone(worker_id id, bool can_start_again, time_point now, actions& out);
    /// The worker does not speak any more, and is about to end; it is killed if that takes too long.
    void worker_leaves(worker_id id, time_point now);
    /// What the worker, which was idle, is to be sent has not left: it waits again, until settle(), and the worker is idle.
    void take_back_unsent(worker_id id, time_point now);
    /// The worker misbehaves.
    void kill_worker(worker_id id, actions& out);

    /// Forgets all tasks and workers; those that are being started as well.
    void forget_all() noexcept;

    // --- time
    /// Before, what due_workers() have done must have been told: a deadline acts on what is known.
    void advance(time_point now, actions& out);
    /// Those that advance() might end, and those whose tasks it might.
    std::vector<worker_id> due_workers(time_point now) const;
    time_point next_deadline() const noexcept;

    // --- what is
    bool closed() const noexcept { return rung_.has_value(); }
    /// There is nothing for settle() to do.
    bool is_settled() const noexcept { return !unassigned_; }
    bool knows(worker_id id) const noexcept { return workers_.contains(id); }
    /// Killed workers are there beyond the ladder's end.
    bool is_overdue() const noexcept { return overdue_; }
    /// A task submitted now would fail at once, as starts have failed.
    bool is_broken(time_point now) const noexcept { return starts_.is_open(now) && ready_workers() == 0; }
    /// With those that have yet to end.
    std::size_t queued() const noexcept
    {
        std::size_t count = queue_.size() + delayed_.size();
        for (const dropped_tasks& dropped : dropped_)
            count += dropped.tasks.size();
        return count;
    }
    /// Of these, without those that end or wait for their retry.
    std::size_t waiting() const noexcept { return queue_.size(); }
    std::size_t running() const noexcept { return running_; }
    std::size_t workers() const noexcept { return workers_.size(); }
    std::size_t ready_workers() const noexcept { return workers_.size() - starting_ - ending_; }
    std::size_t idle_workers() const noexcept { return idle_.size(); }
    bool is_ending(worker_id id) const noexcept;
    /// The task that the worker is to answer next, or nothing.
    task* task_of(worker_id id) noexcept;
    /// An estimate of how long the worker, which is there, takes for what it has.
    std::chrono::nanoseconds load(worker_id id) noexcept { return find(id)->load; }
    /// Whether a worker that ended now would have failed to start: not ready, or sent a task and none begun yet.
    bool has_failed_to_start(worker_id id) const;
    template <class Function>
    void for_each_task_of(worker_id id, Function function) const
    {
        if (const auto it = workers_.find(id); it != workers_.end())
            for (task* t = it->second.sent.front(); t; t = t->next)
                function(*t);
    }

private:
    enum class state
    {
        starting,
        idle,
        busy,
        ending
    };
    struct worker
    {
        worker_id id = 0;
        state at = state::starting;
        bool was_ready = false;
        bool has_finished = false; // a task
        bool killed = false;
        bool was_spared = false; // its deadline was noticed late
        bool slow = false; // its first task takes longer than was thought
        retirement_reason due = retirement_reason::none;
        worker_id successor = 0;          // that was started because it is due
        bool replaced = false;            // the successor is ready
        std::uint64_t tasks = 0;          // that it was sent
        bool left_unbegun = false;        // it ended, or was ended, before it began what it had
        task_list sent{};                 // in the order in which it runs them
        std::chrono::nanoseconds load{0}; // an estimate of their time
        std::uint64_t bytes = 0;          // theirs
        time_point ready_since = time_point::max();
        time_point progress = time_point::max(); // when it got its first task, ended one, became idle, or all were ready
        time_point deadline = time_point::max(); // unless it has begun what it has
        time_point alarm = time_point::max();    // it need not be looked at before: alarm_of(), or earlier
        std::chrono::nanoseconds sorted_load{0}; // its load when it was put into by_load_
        bool is_unsorted = false;                // the load has changed since: it is among the unsorted
        worker* next_unsorted = nullptr;
        heap_place place_by_load{};
        heap_place place_by_alarm{};
    };

    // Tasks that will complete with `why`, as soon as it is their turn.
    struct dropped_tasks
    {
        task_queue tasks;
        outcome why;
    };
    // Of tasks that wait, so many end in one event. next_deadline() tells where there are more.
    static constexpr std::size_t most_ended = 128;

    struct less_loaded
    {
        bool operator()(const worker& one, const worker& other) const noexcept
        {
            return one.sorted_load != other.sorted_load ? one.sorted_load < other.sorted_load : one.id < other.id;
        }
    };
    struct sooner
    {
        bool operator()(const worker& one, const worker& other) const noexcept { return one.alarm < other.alarm; }
    };

    // Mostly it is the one that was looked for last.
    worker* find(worker_id id) noexcept
    {
        if (last_found_ && last_found_id_ == id)
            return last_found_;
        const auto it = workers_.find(id);
        last_found_id_ = id;
        return last_found_ = it == workers_.end() ? nullptr : &it->second;
    }

    // Whether nothing at all follows from its submission.
    bool waits_behind_others(const task& t) const noexcept
    {
        const task* const first = queue_.front();
        return first && t.options->priority <= first->options->priority && is_settled();
    }

    // Giving tasks to workers.
    void assign(time_point now, actions& out);
    void send_queue(time_point now, actions& out);
    worker* worker_for(const task& t, time_point now) noexcept;
    worker* awake_worker_for(const task& t, time_point now) noexcept;
    worker* least_loaded_for(const task& t, time_point now) noexcept;
    bool waits_behind_slow_task(const worker& w) const noexcept;
    time_point deadline_of(const worker& w) const; // to be ready, to begin, or to be gone
    time_point patience_end(const worker& w) const noexcept;
    time_point alarm_of(const worker& w) const;
    void set_alarm(worker& w, time_point alarm) const;
    void set_deadline(worker& w, time_point deadline);
    void note_patience(worker& w);
    void sort_by_load();

    // Its load has changed, or whether it may be sent more: seen when the next worker is chosen, and not with each task.
    void load_changed(worker& w) noexcept
    {
        if (!std::exchange(w.is_unsorted, true))
            w.next_unsorted = std::exchange(unsorted_, &w);
    }
    std::vector<worker*> alarmed_workers(time_point now) const;
    bool spare(worker& w, time_point now);
    time_point outcome_due(const task& t) const;   // of one that is done
    void send(worker& w, task& t, time_point now, actions& out);
    bool revoke(worker& w, task& t);
    void forget_sent(worker& w, task& t) noexcept;
    void take_back(worker& w, task* behind = nullptr);
    task* split(worker& w, task& t);
    // The queue's first. A worker that retires after so many tasks is not sent more calls than that; the others stay in the queue.
    task& as_many_as_left(const worker& w, task& t)
    {
        const std::uint64_t left = settings_.retire_tasks - w.tasks;
        if (settings_.retire_tasks != 0 && t.items > left)
            return split_first(t, static_cast<std::uint32_t>(left));
        queue_.pop_front();
        return t;
    }
    task& split_first(task& t, std::uint32_t count);
    void take_back_all(time_point now);
    void put_first(task& t);
    void made_progress(worker& w, time_point now);
    void leave_idleness(worker& w) noexcept;

    // Whether it may be sent to a worker that has others.
    static bool may_follow(const task& t) noexcept { return t.cost && t.cost->is_known() && !t.alone; }

    bool has_working_processors() const noexcept { return occupied_ >= settings_.processors; }

    std::chrono::nanoseconds estimate(const task& t) const noexcept
    {
        using std::chrono::nanoseconds;
        // Never nothing, whether a clock stood still or no call is left: that is no task of no cost.
        return t.cost && t.cost->is_known() ? std::max(t.cost->mean() * t.items, nanoseconds(1)) : settings_.sent_ahead;
    }

    bool is_slow(const worker& w, time_point now) const noexcept
    {
        return w.slow || (settings_.workers > 1 && w.progress + settings_.patience <= now);
    }

    // Whether a worker that has tasks takes more of them for now.
    bool is_open(const worker& w, time_point now) const noexcept
    {
        return !is_slow(w, now) && !is_spent(w) && w.sent.size() < settings_.most_sent && !w.sent.front()->alone;
    }

    // Whether it may hold as much as the task is charged.
    bool has_time(const worker& w, const task& t) const noexcept { return t.charged <= settings_.sent_ahead - w.load; }

    bool has_bytes(const worker& w, const task& t) const noexcept
    {
        return w.bytes - w.sent.front()->bytes + t.bytes <= settings_.sent_ahead_bytes;
    }

    bool has_room(const worker& w, const task& t, time_point now) const noexcept
    {
        return w.at == state::busy && is_open(w, now) && has_time(w, t) && has_bytes(w, t);
    }

    // It takes no more tasks.
    bool is_spent(const worker& w) const noexcept
    {
        if (settings_.retire_tasks != 0 && w.tasks >= settings_.retire_tasks)
            return true;
        // One that is due for its tasks is replaced when it has had them all: some may have been taken back.
        return w.replaced && w.due != retirement_reason::tasks;
    }

    // Starting and ending workers.
    bool wants_worker() const noexcept;
    bool wants_successor() const noexcept;
    static bool lacks_successor(const worker& w) noexcept;
    std::size_t lasting_workers() const noexcept { return lasting_; }
    void set_due(worker& w, retirement_reason reason) noexcept;
    void start_one(actions& out);
    void all_started(time_point now);
    void start_failed(bool can_start_again, time_point now, actions& out);
    void end_worker(worker_id id, action::kind how, retirement_reason reason, time_point now, actions& out);
    void leave(worker& w);
    void note_ages(time_point now) noexcept;
    time_point idle_end(const worker& w) const noexcept;
    void replace_due_workers(time_point now, actions& out);
    void retire_idle_workers(time_point now, actions& out);

    // Ending tasks.
    void complete(task& t, outcome why, actions& out);
    void fail_queue(outcome why, actions& out);
    void give_up_or_retry(task& t, outcome why, time_point now, actions& out);
    void run_again_what_is_lost(task& failed);
    time_point run_end(const task& t, time_point now) const;
    void drop(task& t, outcome why);
    void end_dropped(actions& out);
    void expire_waiting(task& t, actions& out);
    void expire_sent(task& t, time_point now, actions& out);
    deadlines& deadlines_of(const task& t) noexcept
    {
        return t.state == task::phase::sent ? run_deadlines_ : queue_deadlines_;
    }
    void set_deadline(task& t, time_point deadline) noexcept { deadlines_of(t).set(t, deadline); }
    void clear_deadline(task& t) noexcept { deadlines_of(t).clear(t); } // before its state changes
    void kill_running(actions& out);
    void enter_rung(time_point now, actions& out);

    settings settings_;
    sent_tasks& sent_;
    start_breaker starts_;
    task_queue queue_;
    task_queue delayed_; // tasks that wait for their retry
    std::deque<dropped_tasks> dropped_;
    deadlines run_deadlines_;   // of tasks that are sent
    deadlines queue_deadlines_; // of all others: so many tasks that wait are in nobody's way
    std::map<worker_id, worker> workers_;
    std::vector<worker*> idle_;  // the last one back is the first one out: its caches are warm. So the first is idle for longest
    std::vector<worker*> due_;   // to retire
    std::deque<worker*> by_age_; // those that were ready and are not due, where their age counts
    indexed_heap<worker, less_loaded, &worker::place_by_load> by_load_; // busy ones, but for some that take no more for now
    worker* unsorted_ = nullptr; // the first of those whose load has changed since they were put there
    mutable indexed_heap<worker, sooner, &worker::place_by_alarm> by_alarm_;
    worker* last_found_ = nullptr;
    worker_id last_found_id_ = 0;
    worker_id next_worker_ = 1;
    worker_id last_sent_to_ = 0;
    std::size_t starting_ = 0;
    std::size_t unproven_ = 0; // that start, or failed to and are not gone yet
    std::size_t ending_ = 0;
    std::size_t lasting_ = 0; // workers that are not due to retire
    std::size_t running_ = 0;
    std::size_t occupied_ = 0; // workers that have tasks, also if they are due or about to end
    bool starts_all_ = false;
    bool has_spent_idle_ = false; // perhaps: an idle worker that takes no more tasks
    bool unassigned_ = false; // tasks came, or were taken back, and nobody looked where they can go
    shutdown_options ladder_{};
    std::optional<shutdown_mode> rung_; // of the shutdown ladder
    time_point rung_deadline_ = time_point::max();
    bool overdue_ = false;
};

} // namespace tandem::schedule

#endif
