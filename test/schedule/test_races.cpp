// Whatever two things happen to a task, in whatever order and at whatever stage of it: it completes once, with what a
// few rules say, and no worker is lost.
#include "driver.hpp"

#include <array>

namespace tandem::schedule {
namespace {

enum class stage
{
    waiting,
    waiting_for_start,
    sent,
    begun,
    asked,
    killed_by_timeout,
    killed_by_cancel,
    in_grace,
    returned, // its result is under way, and its worker has begun the next task
    delayed
};
constexpr std::array stages{
    stage::waiting,           stage::waiting_for_start, stage::sent,     stage::begun,    stage::asked,
    stage::killed_by_timeout, stage::killed_by_cancel,  stage::in_grace, stage::returned, stage::delayed};

enum class event
{
    cancel_total,
    cancel_partial,
    cancel_terminal,
    run_timeout,
    queue_timeout,
    result,
    death,
    silence,
    blame,
    cancel_all,
    drain,
    cancel_queued,
    stop,
    kill
};
constexpr std::array events{event::cancel_total,
                            event::cancel_partial,
                            event::cancel_terminal,
                            event::run_timeout,
                            event::queue_timeout,
                            event::result,
                            event::death,
                            event::silence,
                            event::blame,
                            event::cancel_all,
                            event::drain,
                            event::cancel_queued,
                            event::stop,
                            event::kill};

constexpr auto run_limit = 1s, grace = 2s, queue_limit = 10s, retry_delay = 100s;

/// A task at a stage. The pool has two workers.
class race
{
public:
    race(stage at, unsigned retries) : d(2, limits())
    {
        for (int i = 0; at == stage::waiting && i != 2; ++i)
            d.sim.submit(d.sim.make());
        d.settle();
        if (at == stage::waiting)
            for (const worker_id id : {1U, 2U})
                d.ready(id);
        d.sim.slow_to_begin = at == stage::sent;
        subject = &d.sim.make(run_limit, queue_limit, retries + (at == stage::delayed));
        options_of(*subject).retry_delay = retry_delay;
        if (at == stage::in_grace)
            options_of(*subject).grace_period = grace;
        if (at == stage::returned) {
            cost.add(10us);
            subject->cost = &cost;
        }
        d.sim.submit(*subject);
        d.settle();
        if (at == stage::waiting || at == stage::waiting_for_start)
            return;
        d.ready(1);
        if (at == stage::asked)
            d.sim.cancel(*subject, cancellation::partial);
        if (at == stage::killed_by_cancel)
            d.sim.cancel(*subject, cancellation::terminal);
        if (at == stage::killed_by_timeout || at == stage::in_grace)
            d.sim.pass(run_limit);
        d.settle();
        if (at == stage::delayed)
            d.gone(1);
        if (at == stage::returned) {
            task& next = d.sim.make();
            next.cost = &cost;
            d.sim.submit(next);
            d.settle();
            BOOST_REQUIRE(d.sim.begin_next(1));
        }
    }

    /// False where it cannot happen.
    bool apply(event e)
    {
        const auto shut_down = [&](shutdown_mode mode) { d.sim.shutdown({.mode = mode, .stop_timeout = 1h}); };
        switch (e) {
        case event::cancel_total:
            d.sim.cancel(*subject, cancellation::total);
            break;
        case event::cancel_partial:
            d.sim.cancel(*subject, cancellation::partial);
            break;
        case event::cancel_terminal:
            d.sim.cancel(*subject, cancellation::terminal);
            break;
        case event::run_timeout:
            d.sim.pass(run_limit);
            break;
        case event::queue_timeout:
            d.sim.pass(queue_limit);
            break;
        case event::cancel_all:
            d.sim.cancel_all();
            break;
        case event::drain:
            shut_down(shutdown_mode::drain);
            break;
        case event::cancel_queued:
            shut_down(shutdown_mode::cancel_queued);
            break;
        case event::stop:
            shut_down(shutdown_mode::stop);
            break;
        case event::kill:
            shut_down(shutdown_mode::kill);
            break;
        case event::result:
        case event::death:
        case event::silence:
        case event::blame:
            return worker_does(e);
        }
        d.settle();
        return true;
    }

    driver d;
    task* subject = nullptr;
    worker_id actor = 0; // the worker that did something

private:
    static settings limits()
    {
        settings s;
        s.outcome_timeout = 1h; // what is under way comes
        s.start_timeout = 1h;
        s.retire_timeout = 1h;
        return s;
    }

    bool worker_does(event e)
    {
        actor = subject->state == task::phase::sent ? subject->worker : 0;
        for (const auto& [id, w] : d.workers) // another one than the subject's where that has none
            if (actor == 0 && !w.silent && (e != event::result || d.sim.unread(id) != 0))
                actor = id;
        if (actor == 0 || !d.workers.contains(actor))
            return false;
        const auto& w = d.workers[actor];
        if (e == event::death)
            d.gone(actor);
        else if (w.silent)
            return false;
        else if (e == event::silence)
            d.leaves(actor);
        else if (e == event::blame)
            d.sim.blame(actor), d.settle();
        else if (d.sim.unread(actor) == 0)
            return false;
        else
            d.finish(actor);
        return true;
    }

    detail::cost_estimate cost;
};

/// What is to become of the task.
class rules
{
public:
    rules(stage at, unsigned retries) : retries_(retries)
    {
        begun_ = at >= stage::begun && at != stage::delayed;
        asked_ = at == stage::asked;
        timed_out_ = at == stage::killed_by_timeout || at == stage::in_grace;
        killed_ = at == stage::killed_by_timeout || at == stage::killed_by_cancel;
        aborted_ = at == stage::killed_by_cancel;
        returned_ = at == stage::returned;
        tried_ = at == stage::delayed;
    }

    void apply(event e, bool does_subjects_worker, bool is_sent)
    {
        switch (e) {
        case event::cancel_total:
            if (!tried_)
                end_unless_begun("aborted");
            break;
        case event::cancel_partial:
            end_unless_begun("aborted");
            asked_ = true;
            break;
        case event::cancel_terminal:
            end_unless_begun("aborted");
            if (!returned_)
                aborted_ = killed_ = true;
            break;
        case event::queue_timeout:
            if (!tried_)
                end_unless_begun("queue_timeout");
            [[fallthrough]]; // it is the longer one
        case event::run_timeout:
            timed_out_ = timed_out_ || (begun_ && !killed_ && !returned_);
            break;
        case event::result:
            if (does_subjects_worker)
                timed_out_ ? fail("run_timeout") : end("result");
            else
                begun_ = begun_ || is_sent; // its turn has come
            break;
        case event::death:
            if (does_subjects_worker && begun_)
                fail(timed_out_ ? "run_timeout" : "worker_died");
            break;
        case event::blame:
            killed_ = killed_ || (does_subjects_worker && begun_);
            break;
        case event::silence:
        case event::drain:
            break;
        case event::cancel_all:
        case event::kill:
            end_unless_begun("aborted");
            closing_ = closing_ || e == event::kill;
            aborted_ = killed_ = true;
            break;
        case event::stop:
            asked_ = true;
            [[fallthrough]];
        case event::cancel_queued:
            closing_ = true;
            end_unless_begun("aborted");
            break;
        }
    }

    /// If all goes well from now on, but for workers that are about to end.
    std::string outcome(bool worker_leaves)
    {
        if (begun_)
            apply(worker_leaves ? event::death : event::result, true, true);
        end("result");
        return end_;
    }

private:
    void end(const std::string& how)
    {
        if (end_.empty())
            end_ = how;
    }
    void end_unless_begun(const std::string& how)
    {
        if (!begun_)
            end(how);
    }
    void fail(const std::string& how)
    {
        if (aborted_)
            end("aborted");
        else if (retries_ == 0 || asked_ || closing_)
            end(how);
        if (!end_.empty())
            return;
        --retries_;
        tried_ = true;
        begun_ = timed_out_ = killed_ = returned_ = false;
    }

    unsigned retries_;
    bool begun_, asked_, timed_out_, killed_, aborted_, returned_, tried_;
    bool closing_ = false;
    std::string end_;
};

} // namespace

BOOST_AUTO_TEST_CASE(races_of_any_two_events_at_any_stage)
{
    for (const stage at : stages)
        for (const event first : events)
            for (const event second : events)
                for (const unsigned retries : {0U, 1U}) {
                    BOOST_TEST_CONTEXT("stage " << static_cast<int>(at) << ", events " << static_cast<int>(first)
                                                << " and " << static_cast<int>(second) << ", retries " << retries)
                    {
                        race r(at, retries);
                        rules expected(at, retries);
                        bool happened = true;
                        for (const event e : {first, second}) {
                            const bool was_sent = r.subject->state == task::phase::sent;
                            const worker_id its = r.subject->worker;
                            happened = happened && r.apply(e);
                            if (happened)
                                expected.apply(e, was_sent && r.actor == its,
                                               !was_sent && r.subject->state == task::phase::sent);
                        }
                        if (!happened)
                            continue;
                        const auto its = r.d.workers.find(r.subject->worker);
                        const std::string outcome =
                            expected.outcome(its == r.d.workers.end() || its->second.is_leaving());
                        r.d.sim.slow_to_begin = false;
                        r.d.work();
                        const auto& ends = r.d.ends[r.subject->id];
                        BOOST_TEST_REQUIRE(ends.size() == 1u);
                        BOOST_TEST(ends.front() == outcome);
                        BOOST_TEST(r.d.sim.runs[r.subject->id] <= r.subject->options->retries + 1);
                        r.d.check_sound(2);
                    }
                }
}

} // namespace tandem::schedule
