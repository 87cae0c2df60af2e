// Random events in random order, with every feature in use: whatever happens, every task completes exactly once.
#include "driver.hpp"

#include <schedule/replay.hpp>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::schedule {
namespace {

class random_pool
{
public:
    explicit random_pool(unsigned seed, recording_sink recording = {})
        : random_(seed), limit_(1 + below(4)), settings_(any_settings()), d_(limit_, settings_, std::move(recording))
    {
        d_.sim.slow_to_begin = one_in(2);
        for (auto& cost : costs_) // the first one stays unknown until a task is finished
            if (&cost != &costs_.front())
                cost.add(std::chrono::microseconds(1 + below(600)));
    }

    void run(int steps)
    {
        const bool shuts_down_early = one_in(3);
        for (int i = 0; i != steps; ++i) {
            if (shuts_down_early && i > steps / 2 && one_in(40))
                shut_down();
            step();
            check();
        }
        d_.sim.slow_to_begin = false;
        if (!d_.sim.scheduler.closed() && one_in(2))
            shut_down();
        d_.work();
        std::size_t calls = 0;
        for (const task& t : d_.sim.tasks) {
            if (t.items != 0) // else none of its calls was begun
                BOOST_TEST(d_.sim.runs[t.id] <= t.options->retries + 1);
            calls += t.items;
        }
        BOOST_TEST(calls == calls_); // however often they were taken apart
        d_.check_sound(limit_);
    }

private:
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    std::chrono::nanoseconds perhaps(std::chrono::nanoseconds most)
    {
        return one_in(2) ? 0ns : std::chrono::nanoseconds(1 + below(static_cast<std::size_t>(most.count())));
    }

    settings any_settings()
    {
        settings s;
        s.start_timeout = 50ms;
        s.retire_timeout = 20ms;
        s.starts.attempts = static_cast<unsigned>(1 + below(4));
        s.starts.backoff = one_in(4) ? 0ms : 5ms;
        s.starts.backoff_limit = 100ms;
        s.retire_tasks = one_in(2) ? 0 : 1 + below(20);
        s.retire_age = perhaps(200ms);
        s.retire_memory = one_in(2) ? 0 : 90;
        s.retire_idle = perhaps(100ms);
        s.sent_ahead = one_in(4) ? 0ms : 1ms;
        s.most_sent = 2 + below(8);
        return s;
    }

    void shut_down()
    {
        d_.sim.shutdown({.mode = static_cast<shutdown_mode>(below(4)),
                         .drain_timeout = perhaps(100ms),
                         .cancel_queued_timeout = perhaps(100ms),
                         .stop_timeout = perhaps(100ms),
                         .kill_timeout = perhaps(100ms)});
        d_.settle();
    }

    void submit()
    {
        task& t =
            d_.sim.make(perhaps(30ms), perhaps(30ms), static_cast<unsigned>(below(3)), static_cast<int>(below(3)));
        options_of(t).retry_delay = perhaps(10ms);
        options_of(t).retry_on = static_cast<retry_cause>(1 + below(3));
        options_of(t).grace_period = perhaps(10ms);
        t.cost = one_in(4) ? nullptr : &costs_[below(costs_.size())];
        t.items = one_in(3) ? static_cast<std::uint32_t>(1 + below(12)) : 1;
        calls_ += t.items;
        d_.sim.submit(t);
        d_.settle();
    }

    /// Any worker for which the condition holds, or 0.
    template <class Condition>
    worker_id any_worker(Condition condition)
    {
        std::vector<worker_id> ids;
        for (const auto& [id, w] : d_.workers)
            if (condition(id, w))
                ids.push_back(id);
        return ids.empty() ? 0 : ids[below(ids.size())];
    }

    void step()
    {
        const auto likely_gone = [this](worker_id, const driver::worker& w) { return w.is_leaving() || one_in(20); };
        const auto starting = [](worker_id, const driver::worker& w) { return !w.ready && !w.is_leaving(); };
        const auto can_finish = [this](worker_id id, const driver::worker& w) {
            return !w.silent && d_.sim.unread(id) != 0;
        };
        const auto served = [](worker_id, const driver::worker& w) { return !w.is_leaving(); };
        const auto any = [](worker_id, const driver::worker&) { return true; };
        switch (below(16)) {
        case 0:
        case 1:
        case 2:
        case 3:
            if (!d_.sim.scheduler.closed())
                submit();
            break;
        case 4:
        case 5:
            if (const worker_id id = any_worker(starting))
                d_.ready(id);
            break;
        case 6:
        case 7:
            if (const worker_id id = any_worker(any))
                one_in(2) ? d_.sim.begin_next(id) : d_.sim.begin_call(id);
            break;
        case 8:
        case 9:
        case 10:
            if (const worker_id id = any_worker(can_finish))
                d_.finish(id, std::chrono::microseconds(below(600)), below(100));
            break;
        case 11:
            if (const worker_id id = any_worker(likely_gone))
                d_.gone(id, !one_in(8));
            break;
        case 12:
            pass();
            break;
        case 13:
            if (!d_.sim.tasks.empty()) { // mostly one that is not completed yet
                const std::size_t recent = std::min<std::size_t>(d_.sim.tasks.size(), 30);
                d_.sim.cancel(*(d_.sim.tasks.end() - 1 - static_cast<std::ptrdiff_t>(below(recent))),
                              static_cast<cancellation>(below(3)));
                d_.settle();
            }
            break;
        case 14:
            if (one_in(4)) {
                if (const worker_id id = any_worker(served))
                    one_in(2) ? d_.leaves(id) : blame(id);
            } else {
                pass();
            }
            break;
        case 15:
            if (one_in(20))
                d_.sim.cancel_all();
            else if (one_in(10))
                d_.sim.start_all();
            d_.settle();
            break;
        }
    }

    void blame(worker_id id)
    {
        d_.sim.blame(id);
        d_.settle();
    }

    void pass()
    {
        if (d_.sim.scheduler.next_deadline() == time_point::max() || one_in(2))
            d_.pass(std::chrono::microseconds(below(8000)));
        else
            d_.pass_to_deadline();
        BOOST_TEST_REQUIRE((d_.sim.scheduler.next_deadline() > d_.sim.clock.now())); // it would be a busy loop
    }

    void check()
    {
        const recorded_scheduler& s = d_.sim.scheduler;
        std::size_t occupied = 0;
        std::size_t staying = 0;
        std::size_t moving = 0; // of these something is to be heard
        for (const auto& [id, w] : d_.workers) {
            std::size_t has = 0;
            s.for_each_task_of(id, [&has](const task&) { ++has; });
            occupied += has != 0;
            staying += !w.is_leaving();
            moving += has != 0 || !w.ready || w.is_leaving();
            BOOST_TEST_REQUIRE(has <= (settings_.sent_ahead == 0ms ? 1 : settings_.most_sent));
        }
        BOOST_TEST_REQUIRE(occupied <= limit_);
        BOOST_TEST_REQUIRE(s.workers() == d_.workers.size());
        // Of each place: one that finishes, one that was to follow it and is due itself, one that follows both.
        BOOST_TEST_REQUIRE(staying <= 3 * limit_);
        if (s.queued() == 0)
            return;
        const auto next = s.next_deadline();
        BOOST_TEST_REQUIRE((moving != 0 || next != time_point::max())); // else it waits for ever
        if (s.idle_workers() == 0 || occupied == limit_ || next == time_point::min())
            return;
        for (const task& t : d_.sim.tasks)
            BOOST_TEST_REQUIRE((t.state != task::phase::waiting || d_.ends.contains(t.id)));
    }

    std::mt19937 random_;
    std::size_t limit_;
    settings settings_;
    std::array<detail::cost_estimate, 6> costs_;
    driver d_;
    std::size_t calls_ = 0; // that were submitted
};

} // namespace

BOOST_AUTO_TEST_CASE(every_task_completes_once_whatever_happens)
{
    constexpr unsigned seeds = 300;
    constexpr int steps = 2000;
    for (unsigned seed = 1; seed <= seeds; ++seed)
        BOOST_TEST_CONTEXT("seed " << seed)
        {
            random_pool(seed).run(steps);
        }
}

BOOST_AUTO_TEST_CASE(whatever_happens_is_replayed_from_its_recording)
{
    constexpr unsigned seeds = 100;
    constexpr int steps = 1000;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        std::string recording;
        random_pool(seed, [&recording](std::string_view text) {
            recording += text;
            return true;
        }).run(steps);
        const auto done = replay(recording);
        BOOST_TEST_CONTEXT("seed " << seed)
        {
            BOOST_TEST(!done.first, (done.first ? *done.first : difference()));
            BOOST_TEST(done.is_whole);
            BOOST_TEST(done.events > 500U);
        }
    }
}

} // namespace tandem::schedule
