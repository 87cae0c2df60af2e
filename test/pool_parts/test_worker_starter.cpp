#include "simulated_pool.hpp"

#include <launch/start_error.hpp>
#include <process_pool/worker_starter.hpp>

#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <thread>

namespace pool_parts {
namespace {

/// Starts what the test wants.
class scripted_launcher final : public worker_launcher
{
public:
    explicit scripted_launcher(std::function<launched_worker()> script) : script_(std::move(script)) {}
    launched_worker launch() override { return script_(); }

private:
    const std::function<launched_worker()> script_;
};

struct starting : simulated_pool
{
    explicit starting(std::size_t workers = 1) : simulated_pool(workers) {}
    ~starting()
    {
        for (const auto& [id, link] : state.links) {
            link->process->cancel_wait();
            link->close();
        }
    }

    static launched_worker fail_with(int error)
    {
        tandem::launch::throw_start_error(error, "executing it");
    }

    void wait_for_all() { starter.waits().add(std::make_unique<recorded_wait>(waits_destroyed)); }

    int launches = 0;
    int waits_destroyed = 0;
    std::function<launched_worker()> script = [this] { return launcher.launch(); };
    unwatching_observer nobody;
    worker_watch watch{state, *events, loop, nobody};
    worker_starter starter{state, *events, loop, watch, std::make_unique<scripted_launcher>([this] {
                               ++launches;
                               BOOST_TEST(!events->is_locked); // it takes a millisecond
                               return script();
                           })};
};

struct starting_many : starting
{
    starting_many() : starting(3) {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(starting_workers, starting)

BOOST_AUTO_TEST_CASE(a_worker_is_started_from_the_context_and_watched)
{
    starter.post(1);
    BOOST_TEST(launches == 0);
    world.pass(3s);
    run_ready();
    watch.begin_waits();
    BOOST_TEST(launches == 1);
    BOOST_REQUIRE(state.links.contains(1));
    BOOST_TEST(state.links.at(1)->process->pid() == launcher.workers()[0]->pid());
    BOOST_TEST(state.counts.workers_started == 1);
    BOOST_TEST(state.counts.start_failures == 0);
    BOOST_TEST(world.waits() == 3);
    const auto left = state.scheduler.next_deadline() - world.now();
    BOOST_TEST((left > 9s && left <= 10s)); // its start_timeout begins when it runs
    BOOST_TEST(take_actions().empty());
}

BOOST_AUTO_TEST_CASE(a_start_that_fails_tells_those_who_wait)
{
    script = [] { return fail_with(EAGAIN); };
    wait_for_all();
    wait_for_all();
    starter.post(1);
    run_ready();
    BOOST_REQUIRE(events->completed_waits.size() == 2);
    for (const auto& error : events->completed_waits) {
        BOOST_TEST(error.find("a simulated program") != std::string::npos, error);
        BOOST_TEST(error.find("Resource temporarily unavailable") != std::string::npos, error);
    }
    BOOST_TEST(starter.waits().empty());
    BOOST_TEST(state.counts.workers_started == 1);
    BOOST_TEST(state.counts.start_failures == 1);
    BOOST_TEST(state.links.empty());
    BOOST_TEST(state.scheduler.workers() == 0);
    BOOST_TEST(!state.scheduler.is_starting_all());
    BOOST_TEST(starter.last_failure()->can_start_again);
}

BOOST_AUTO_TEST_CASE(only_what_may_pass_is_worth_another_start)
{
    script = [] { return fail_with(ENOENT); };
    starter.post(1);
    run_ready();
    BOOST_TEST(!starter.last_failure()->can_start_again);
    BOOST_TEST((starter.last_failure()->code == tandem::errc::start_failed));
    BOOST_TEST(starter.last_failure()->cause.find("No such file") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_start_that_fails_in_another_way_is_told_in_its_own_words)
{
    script = []() -> launched_worker { throw std::runtime_error("no memory for its page"); };
    wait_for_all();
    starter.post(1);
    run_ready();
    BOOST_TEST(starter.last_failure()->cause == "\"a simulated program\": no memory for its page");
    BOOST_TEST(starter.last_failure()->can_start_again);
    BOOST_TEST(events->completed_waits.size() == 1);
    starter.join(); // none is under way
}

BOOST_AUTO_TEST_CASE(a_failure_that_nobody_waits_for_is_remembered)
{
    completion_batch completions;
    starter.fail({tandem::errc::initializer_failed, "why", false, {}}, completions);
    BOOST_TEST(completions.waits.empty());
    BOOST_TEST(starter.last_failure()->cause == "why");
    BOOST_TEST(!state.scheduler.is_starting_all());
}

BOOST_FIXTURE_TEST_CASE(what_became_ready_during_a_start_runs_before_the_next_start, starting_many)
{
    std::string order;
    script = [&] {
        order += "start ";
        world.make_ready("another handler", [&] { order += "other "; });
        return launcher.launch();
    };
    for (tandem::schedule::worker_id id = 1; id <= 3; ++id) {
        starter.post(id);
    }
    run_ready();
    BOOST_TEST(order == "start other start other start other ");
    BOOST_TEST(state.links.size() == 3);
}

BOOST_FIXTURE_TEST_CASE(a_worker_that_was_given_up_meanwhile_holds_up_no_other, starting_many)
{
    for (const tandem::schedule::worker_id id : {100U, 101U, 1U, 102U, 2U, 103U}) { // the scheduler knows three
        starter.post(id);
    }
    run_ready();
    BOOST_TEST(launches == 2);
    BOOST_TEST(state.links.contains(1));
    BOOST_TEST(state.links.contains(2));
    starter.post(3);
    run_ready();
    BOOST_TEST(launches == 3);
}

BOOST_AUTO_TEST_CASE(a_closed_pool_starts_nothing)
{
    starter.post(1);
    events->is_closed = true;
    run_ready();
    BOOST_TEST(launches == 0);
    BOOST_TEST(state.counts.workers_started == 0);
    BOOST_TEST(events.use_count() == 1);
    starter.join();
}

BOOST_AUTO_TEST_CASE(a_worker_whose_launch_ends_when_the_pool_is_closed_is_killed)
{
    script = [this] {
        events->is_closed = true;
        return launcher.launch();
    };
    starter.post(1);
    run_ready();
    watch.begin_waits();
    BOOST_TEST(state.links.empty());
    BOOST_TEST(world.waits() == 0);
    BOOST_TEST(launcher.workers()[0]->has_ended());
}

BOOST_AUTO_TEST_CASE(a_start_that_fails_when_the_pool_is_closed_leaves_nothing)
{
    script = [this] {
        events->is_closed = true;
        return fail_with(ENOENT);
    };
    wait_for_all();
    starter.post(1);
    run_ready();
    BOOST_TEST(!starter.waits().empty()); // whoever closed the pool tells them
    BOOST_TEST(state.counts.start_failures == 0);
    starter.join();
}

BOOST_AUTO_TEST_CASE(join_waits_until_no_start_is_under_way)
{
    std::thread closing;
    std::atomic<bool> has_joined = false, was_early = false;
    script = [&] {
        events->is_closed = true;
        closing = std::thread([&] {
            starter.join();
            has_joined = true;
        });
        std::this_thread::sleep_for(20ms);
        was_early = has_joined.load();
        return launcher.launch();
    };
    starter.post(1);
    run_ready();
    BOOST_REQUIRE(closing.joinable());
    closing.join();
    BOOST_TEST(!was_early);
}

BOOST_AUTO_TEST_CASE(a_worker_that_nobody_wants_any_more_when_it_runs_is_killed)
{
    script = [this] {
        state.scheduler.shutdown({.mode = tandem::shutdown_mode::kill}, world.now(), state.actions);
        BOOST_TEST(join(take_actions()) == "kill 1"); // and nothing to be killed
        return launcher.launch();
    };
    starter.post(1);
    run_ready();
    BOOST_REQUIRE(launcher.workers().size() == 1);
    BOOST_TEST(launcher.workers()[0]->has_ended());
    BOOST_TEST(state.links.contains(1)); // its end is seen as any other one's
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
