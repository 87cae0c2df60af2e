// A scheduler with a clock of its own and workers that exist only as what the scheduler was told of them.
#ifndef TANDEM_TEST_SCHEDULE_SIMULATION_HPP
#define TANDEM_TEST_SCHEDULE_SIMULATION_HPP

#include <schedule/recorded_scheduler.hpp>
#include <support/mock_clock.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tandem::schedule {

using namespace std::chrono_literals;

inline std::string name_of(outcome o)
{
    constexpr const char* names[] = {"aborted", "queue_timeout", "run_timeout", "worker_died", "start_failed"};
    return names[static_cast<int>(o)];
}

struct simulated_task : task
{
    simulated_task() { options = &own; }
    detail::task_options own;
};

/// Of a simulation's task.
inline run_options& options_of(task& t)
{
    return static_cast<simulated_task&>(t).own;
}

/// Workers begin the first task that they have at once, unless told to be `slow_to_begin`.
class simulation final : private sent_tasks
{
public:
    explicit simulation(std::size_t workers, settings s = {}, recording_sink recording = {})
        : recorder_(make_recorder((s.workers = workers, s), *this, clock.now(), std::move(recording))),
          scheduler(s, *this, recorder_.get())
    {
    }

    /// A task that lives as long as the simulation.
    task& make(std::chrono::nanoseconds run_timeout = 0s, std::chrono::nanoseconds queue_timeout = 0s,
               unsigned retries = 0, int priority = 0)
    {
        task& t = tasks.emplace_back();
        t.id = tasks.size();
        options_of(t) = {
            .run_timeout = run_timeout, .queue_timeout = queue_timeout, .retries = retries, .priority = priority};
        return t;
    }

    void submit(task& t)
    {
        scheduler.submit(t, clock.now(), actions);
        perform();
    }
    void cancel(task& t, cancellation how)
    {
        scheduler.cancel(t, how, clock.now(), actions);
        perform();
    }
    void cancel_all()
    {
        scheduler.cancel_all(clock.now(), actions);
        perform();
    }
    void start_all()
    {
        scheduler.start_all(actions);
        perform();
    }
    void launched(worker_id id) { scheduler.worker_launched(id, clock.now()); }
    void ready(worker_id id)
    {
        scheduler.worker_ready(id, clock.now(), actions);
        perform();
    }
    void leaves(worker_id id)
    {
        scheduler.worker_leaves(id, clock.now());
        perform();
    }
    void blame(worker_id id)
    {
        scheduler.kill_worker(id, actions);
        perform();
    }
    void pass(std::chrono::nanoseconds time)
    {
        scheduler.advance(clock.advance(time), actions);
        perform();
    }
    void shutdown(const shutdown_options& ladder)
    {
        scheduler.shutdown(ladder, clock.now(), actions);
        perform();
    }

    /// The worker's oldest task ends, and its result is read. Whether the result counts.
    bool finished(worker_id id, std::chrono::nanoseconds took = 1s, std::uint64_t resident_memory = 0)
    {
        drop_revoked(id);
        auto& pipe = pipes_[id];
        BOOST_REQUIRE(!pipe.empty());
        task& t = *pipe.front().subject;
        BOOST_REQUIRE(pipe.front().begun.has_value());
        BOOST_REQUIRE(scheduler.task_of(id) == &t);
        slots_.erase(t.id);
        pipe.pop_front();
        const bool counts = scheduler.task_finished(id, took, resident_memory, clock.now(), actions);
        scheduler.settle(clock.now(), actions);
        perform();
        return counts;
    }

    void gone(worker_id id, bool can_start_again = true)
    {
        started_.erase(id);
        scheduler.worker_gone(id, can_start_again, clock.now(), actions);
        perform();
        pipes_.erase(id);
    }

    /// The worker begins the first of what it has, if it did not yet.
    bool begin(worker_id id)
    {
        drop_revoked(id);
        const auto it = pipes_.find(id);
        return it != pipes_.end() && !it->second.empty() && !it->second.front().begun && begin_next(id);
    }

    /// The worker begins the next of what it has; the results of those before are under way.
    bool begin_next(worker_id id)
    {
        const auto it = pipes_.find(id);
        if (it == pipes_.end())
            return false;
        sent_task* before = nullptr;
        for (sent_task& s : it->second) {
            if (!s.revoked && !s.begun) {
                s.begun = clock.now();
                ++runs[s.subject->id];
                items_begun[s.subject->id] = 0;
                if (before)
                    before->ended = clock.now();
                return true;
            }
            if (s.begun)
                before = &s;
        }
        return false;
    }

    /// How many tasks the worker has begun whose results are not read.
    std::size_t unread(worker_id id) const
    {
        const auto it = pipes_.find(id);
        return it == pipes_.end() ? 0
                                  : static_cast<std::size_t>(std::ranges::count_if(
                                        it->second, [](const sent_task& s) { return s.begun.has_value(); }));
    }

    bool has_begun(const task& t) const { return begun(t).has_value(); }

    /// How often each task was begun, by its id.
    std::map<std::uint64_t, unsigned> runs;

    /// How many calls of a task of several the worker has begun.
    std::map<std::uint64_t, std::uint32_t> items_begun;

    /// It begins the next call of its first task, whose deadline counts from now on. False where there is none.
    bool begin_call(worker_id id)
    {
        const auto it = pipes_.find(id);
        if (it == pipes_.end() || it->second.empty())
            return false;
        sent_task& running = it->second.front();
        std::uint32_t& calls = items_begun[running.subject->id];
        if (!running.begun || running.ended || calls >= running.subject->items)
            return false;
        running.begun = clock.now();
        ++calls;
        return true;
    }

    bool slow_to_begin = false;

    /// Workers are launched only when launched() is called.
    bool slow_to_launch = false;

    /// What was to be done since the last call, as text: "start 1", "send 2 to 1", "complete 3 aborted".
    std::vector<std::string> take()
    {
        std::vector<std::string> texts;
        for (const action& a : take_actions()) {
            std::string text;
            const std::string worker = std::to_string(a.worker);
            const std::string subject = a.subject ? std::to_string(a.subject->id) : "";
            switch (a.what) {
            case action::kind::start_worker:
                text = "start " + worker;
                break;
            case action::kind::send:
                text = "send " + subject + " to " + worker;
                break;
            case action::kind::ask_to_stop:
                text = "ask " + worker + " to stop " + subject;
                break;
            case action::kind::retire:
                text = "retire " + worker;
                break;
            case action::kind::kill:
                text = "kill " + worker;
                break;
            case action::kind::retry:
                text = "retry " + subject + " after " + name_of(a.why);
                break;
            case action::kind::complete:
                text = "complete " + subject + " " + name_of(a.why);
                break;
            }
            texts.push_back(text);
        }
        return texts;
    }

    std::vector<action> take_actions()
    {
        performed_ = 0;
        return std::exchange(actions, {});
    }

    test::mock_clock clock;

private:
    static std::unique_ptr<recorder> make_recorder(const settings& s, sent_tasks& sent, time_point now, recording_sink recording)
    {
        return recording ? std::make_unique<recorder>(s, sent, now, std::move(recording)) : nullptr;
    }

    const std::unique_ptr<recorder> recorder_;

public:
    recorded_scheduler scheduler;
    recorded_scheduler::actions actions;
    std::deque<simulated_task> tasks;

private:
    struct sent_task
    {
        task* subject;
        std::optional<time_point> begun{}, ended{};
        bool revoked = false;
    };

    void perform()
    {
        for (; performed_ != actions.size(); ++performed_) {
            const action& a = actions[performed_];
            if (a.what == action::kind::start_worker) {
                started_.insert(a.worker);
                if (!slow_to_launch)
                    launched(a.worker);
            }
            if (a.what == action::kind::retry || a.what == action::kind::complete)
                slots_.erase(a.subject->id);
            if (a.what == action::kind::send)
                send(a);
        }
        if (!slow_to_begin)
            for (const worker_id id : started_)
                begin(id);
    }

    void send(const action& a)
    {
        task& t = *a.subject;
        if (t.state != task::phase::sent || t.worker != a.worker || slots_.contains(t.id))
            return; // undone meanwhile
        auto& pipe = pipes_[a.worker];
        pipe.push_back({&t});
        slots_[t.id] = &pipe.back();
    }

    void drop_revoked(worker_id id)
    {
        if (const auto it = pipes_.find(id); it != pipes_.end())
            while (!it->second.empty() && it->second.front().revoked)
                it->second.pop_front();
    }

    bool revoke(task& t) override
    {
        const auto it = slots_.find(t.id);
        if (it == slots_.end())
            return true; // what sends it is not performed yet
        if (it->second->begun)
            return false;
        it->second->revoked = true;
        slots_.erase(it);
        return true;
    }

    task* split(task& t) override
    {
        const auto it = slots_.find(t.id);
        const std::uint32_t done = items_begun[t.id];
        if (it == slots_.end() || !it->second->begun || done >= t.items)
            return nullptr;
        task& rest = part_of(t, t.items - done);
        t.items = done;
        return &rest;
    }

    task* split_first(task& t, std::uint32_t count) override
    {
        BOOST_REQUIRE(count < t.items);
        task& first = part_of(t, count);
        t.items -= count;
        items_begun[t.id] = 0;
        return &first;
    }

    task& part_of(const task& t, std::uint32_t count)
    {
        task& part = tasks.emplace_back();
        part.id = tasks.size();
        options_of(part) = static_cast<const simulated_task&>(t).own;
        part.cost = t.cost;
        part.items = count;
        return part;
    }

    std::optional<time_point> begun(const task& t) const override
    {
        const auto it = slots_.find(t.id);
        return it == slots_.end() ? std::nullopt : it->second->begun;
    }

    std::optional<time_point> ended(const task& t) const override
    {
        const auto it = slots_.find(t.id);
        return it == slots_.end() ? std::nullopt : it->second->ended;
    }

    std::set<worker_id> started_;
    std::map<worker_id, std::deque<sent_task>> pipes_; // what each worker was sent, in order
    std::map<std::uint64_t, sent_task*> slots_;        // of tasks that are sent, by id
    std::size_t performed_ = 0;                        // of the actions
};

using texts = std::vector<std::string>;

inline std::string joined(const texts& all)
{
    std::string text;
    for (const std::string& one : all)
        text += (text.empty() ? "" : ", ") + one;
    return text;
}

/// Prints both lists where they differ.
#define CHECK_ACTIONS(simulation, ...)                                                                                 \
    do {                                                                                                               \
        const texts seen = (simulation).take();                                                                        \
        const texts expected = __VA_ARGS__;                                                                            \
        BOOST_TEST((seen == expected), "saw " << joined(seen) << "; expected " << joined(expected));                   \
    } while (false)

} // namespace tandem::schedule

#endif
