// A simulation whose workers follow what the scheduler wants of them, and a record of what became of each task.
#ifndef TANDEM_TEST_SCHEDULE_DRIVER_HPP
#define TANDEM_TEST_SCHEDULE_DRIVER_HPP

#include "simulation.hpp"

namespace tandem::schedule {

class driver
{
public:
    struct worker
    {
        bool ready = false;
        bool silent = false;
        bool retired = false;
        bool killed = false;

        bool is_leaving() const { return silent || retired || killed; }
    };

    explicit driver(std::size_t limit, settings s = {}, recording_sink recording = {}) : sim(limit, s, std::move(recording)) {}

    /// Takes note of the scheduler's actions; to be called after each event.
    void settle()
    {
        for (const action& a : sim.take_actions()) {
            switch (a.what) {
            case action::kind::start_worker:
                workers[a.worker];
                break;
            case action::kind::send:
                BOOST_REQUIRE(workers.contains(a.worker));
                BOOST_REQUIRE(workers[a.worker].ready);
                BOOST_REQUIRE(!workers[a.worker].is_leaving());
                break;
            case action::kind::retire:
                BOOST_REQUIRE(workers[a.worker].ready);
                BOOST_REQUIRE(!sim.scheduler.task_of(a.worker));
                workers[a.worker].retired = true;
                break;
            case action::kind::kill:
                workers[a.worker].killed = true;
                break;
            case action::kind::complete:
                ends[a.subject->id].push_back(name_of(a.why));
                break;
            case action::kind::ask_to_stop:
            case action::kind::retry:
                break;
            }
        }
    }

    void ready(worker_id id)
    {
        workers[id].ready = true;
        sim.ready(id);
        settle();
    }

    void finish(worker_id id, std::chrono::nanoseconds took = 1s, std::uint64_t memory = 0)
    {
        const std::uint64_t subject = sim.scheduler.task_of(id)->id;
        if (sim.finished(id, took, memory))
            ends[subject].push_back("result");
        settle();
    }

    void gone(worker_id id, bool can_start_again = true)
    {
        workers.erase(id);
        sim.gone(id, can_start_again);
        settle();
    }

    void leaves(worker_id id)
    {
        workers[id].silent = true;
        sim.leaves(id);
        settle();
    }

    void pass(std::chrono::nanoseconds time)
    {
        sim.pass(time);
        settle();
    }

    void pass_to_deadline()
    {
        const auto next = sim.scheduler.next_deadline();
        pass(next > sim.clock.now() ? next - sim.clock.now() : 0ns);
    }

    /// What can happen without time passing: workers start, do their tasks, and go where they are to.
    bool work_once()
    {
        for (const auto& [id, w] : std::map(workers)) {
            if (w.is_leaving())
                gone(id);
            else if (!w.ready)
                ready(id);
            else if (sim.begin(id) || sim.unread(id) != 0)
                finish(id);
            else
                continue;
            return true;
        }
        return false;
    }

    /// Until nothing is left to happen.
    void work()
    {
        constexpr int more_than_any_test_needs = 100'000;
        for (int i = 0; i != more_than_any_test_needs; ++i) {
            if (work_once())
                continue;
            if (sim.scheduler.next_deadline() == time_point::max())
                return;
            pass_to_deadline();
        }
        BOOST_FAIL("it never ends");
    }

    /// No task is left, and as many tasks as there are to be workers can run at once.
    void check_sound(std::size_t limit)
    {
        BOOST_TEST(sim.scheduler.queued() == 0u);
        BOOST_TEST(sim.scheduler.running() == 0u);
        for (const task& t : sim.tasks)
            BOOST_TEST(ends[t.id].size() == 1u, "task " << t.id << " completed " << ends[t.id].size() << " times");
        if (sim.scheduler.closed()) {
            BOOST_TEST(sim.scheduler.workers() == 0u);
            return;
        }
        pass(1min); // longer than any back-off
        const auto first = sim.tasks.size();
        for (std::size_t i = 0; i != limit; ++i)
            sim.submit(sim.make());
        settle();
        const auto starts = [](const auto& entry) { return !entry.second.ready; };
        for (auto it = workers.begin(); (it = std::ranges::find_if(workers, starts)) != workers.end();)
            ready(it->first);
        BOOST_TEST(sim.scheduler.running() == limit);
        work();
        for (auto i = first; i != sim.tasks.size(); ++i)
            BOOST_TEST(ends[sim.tasks[i].id] == std::vector<std::string>{"result"}, boost::test_tools::per_element());
    }

    simulation sim;
    std::map<worker_id, worker> workers;
    std::map<std::uint64_t, std::vector<std::string>> ends; // of each task, by its id
};

} // namespace tandem::schedule

#endif
