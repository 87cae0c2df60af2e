#include "simulated_pool.hpp"

#include <process_pool/worker_watch.hpp>

namespace pool_parts {
namespace {

/// Reads what there is, as the pool does: else there would be something for ever.
struct watched : simulated_pool, worker_watch::observer
{
    explicit watched(std::size_t workers = 1) : simulated_pool(workers) {}

    void look_at_end(const link_ptr& link, time_point, completion_batch&) override
    {
        looks.push_back("end of " + std::to_string(link->id));
        link->ended = link->process->try_reap();
    }
    void look_at_frames(const link_ptr& link, time_point, completion_batch&) override
    {
        looks.push_back("frames of " + std::to_string(link->id));
        if (link->frames.read_now() == boost::asio::error::eof) {
            link->silent = true;
        }
    }
    void look_at_log(const link_ptr& link) override
    {
        looks.push_back("log of " + std::to_string(link->id));
        while (link->log.read_some()) {
            printed += link->log.take_lines();
        }
    }

    void watch_now(const link_ptr& link)
    {
        watch.add(link);
        watch.begin_waits();
    }

    std::string take_looks() { return join(std::exchange(looks, {})); }

    std::vector<std::string> looks;
    std::string printed;
    worker_watch watch{state, *events, loop, *this};
};

struct watched_pair : watched
{
    watched_pair() : watched(2) {}
};

constexpr std::size_t waits_of_worker = 3; // for its frames, its log and its end

} // namespace

BOOST_FIXTURE_TEST_SUITE(watching_workers, watched)

BOOST_FIXTURE_TEST_CASE(only_what_was_added_is_watched_and_not_before_it_is_waited_for, watched_pair)
{
    launch();
    const link_ptr link = launch();
    BOOST_TEST(!watch.is_on());
    watch.begin_waits();
    BOOST_TEST(world.waits() == 0);
    watch.add(link);
    BOOST_TEST(watch.is_on());
    BOOST_TEST(link->is_watched);
    BOOST_TEST(world.waits() == 0); // it is yet to be sent something
    watch.begin_waits();
    BOOST_TEST(world.waits() == waits_of_worker);
    watch.add(link); // as with each task of a busy pool
    watch.begin_waits();
    BOOST_TEST(world.waits() == waits_of_worker);
    BOOST_TEST(watch.watched().size() == 1);
}

BOOST_FIXTURE_TEST_CASE(all_of_a_watched_worker_is_watched, watched_pair)
{
    const link_ptr first = launch(), second = launch();
    watch_now(first);
    watch_now(second);
    BOOST_TEST(world.waits() == 2 * waits_of_worker);
    write(first, frame_bytes(tandem::channel::frame_kind::bell, 0));
    run_ready();
    BOOST_TEST(take_looks() == "frames of 1");
    print(second, "a line\n");
    run_ready();
    BOOST_TEST(take_looks() == "log of 2");
    BOOST_TEST(world.waits() == 2 * waits_of_worker); // again
    worker(first).kill();
    run_ready();
    BOOST_TEST(take_looks() == "frames of 1, log of 1, end of 1");
}

BOOST_AUTO_TEST_CASE(of_a_worker_that_is_held_only_the_end_is_awaited)
{
    const link_ptr link = launch();
    link->is_held = true;
    watch_now(link);
    BOOST_TEST(world.waits() == 1);
    print(link, "a line\n");
    run_ready();
    BOOST_TEST(take_looks() == "");
    link->is_held = false;
    watch.resume(link);
    run_ready();
    BOOST_TEST(take_looks() == "log of 1");
    BOOST_TEST(world.waits() == waits_of_worker);
    link->is_held = true;
    print(link, "another\n");
    run_ready();
    take_looks();
    BOOST_TEST(world.waits() < waits_of_worker);
    worker(link).kill();
    run_ready();
    BOOST_TEST(take_looks().ends_with("end of 1"));
}

BOOST_AUTO_TEST_CASE(a_wait_that_idleness_cancelled_is_begun_again_when_work_comes_before_its_handler_ran)
{
    const link_ptr link = launch_ready();
    watch_now(link);
    watch.turn_off_later();
    world.step(); // what was posted
    BOOST_TEST(!watch.is_on());
    BOOST_TEST(!link->is_watched);
    BOOST_TEST(world.waits() == 0);
    BOOST_TEST(world.ready() == waits_of_worker); // what waited is told
    watch_now(link);
    BOOST_TEST(world.waits() == 0); // one wait at a time
    run_ready();
    BOOST_TEST(world.waits() == waits_of_worker);
    take_looks();
    print(link, "a line\n");
    run_ready();
    BOOST_TEST(printed == "a line\n");
}

BOOST_AUTO_TEST_CASE(turning_off_waits_until_the_context_has_done_what_it_has)
{
    watch_now(launch_ready());
    bool has_run = false;
    loop.post([&](const auto&) {
        has_run = true;
        BOOST_TEST(watch.is_on());
    });
    watch.turn_off_later();
    watch.turn_off_later();
    BOOST_TEST(world.ready() == 2); // one check, however often it is asked for
    BOOST_TEST(watch.is_on());
    BOOST_TEST(world.waits() == waits_of_worker);
    run_ready();
    BOOST_TEST(has_run);
    BOOST_TEST(!watch.is_on());
    BOOST_TEST(world.waits() == 0);
}

BOOST_AUTO_TEST_CASE(work_that_comes_meanwhile_keeps_it_on)
{
    recorded_operation operation;
    watch_now(launch_ready());
    watch.turn_off_later();
    submit(operation);
    run_ready();
    BOOST_TEST(watch.is_on());
    BOOST_TEST(world.waits() == waits_of_worker);
    BOOST_TEST(take_looks().empty());
}

BOOST_AUTO_TEST_CASE(it_can_be_turned_off_again_after_a_check_that_found_work)
{
    const link_ptr link = launch();
    watch_now(link);
    watch.turn_off_later(); // the worker is not ready yet
    run_ready();
    BOOST_TEST(watch.is_on());
    state.scheduler.worker_ready(link->id, world.now(), state.actions);
    watch.turn_off_later();
    run_ready();
    BOOST_TEST(!watch.is_on());
    watch.turn_off_later();
    BOOST_TEST(world.ready() == 0);
}

BOOST_AUTO_TEST_CASE(what_workers_have_printed_is_looked_at_before_nobody_watches)
{
    const link_ptr link = launch_ready();
    watch_now(link);
    watch.turn_off_later();
    worker(link).log->bytes.resize(3, std::byte{'\n'}); // printed, and nobody was told yet
    run_ready();
    BOOST_TEST(printed == "\n\n\n");
    BOOST_TEST(take_looks() == "log of 1"); // whoever has the next task for it looks at the rest
}

BOOST_AUTO_TEST_CASE(a_worker_that_ended_before_it_is_waited_for_is_not_watched)
{
    const link_ptr link = launch();
    watch.add(link);
    link->ended.emplace();
    watch.begin_waits();
    BOOST_TEST(world.waits() == 0);
}

BOOST_AUTO_TEST_CASE(a_worker_that_ends_is_watched_no_longer)
{
    const link_ptr link = launch();
    watch_now(link);
    worker(link).kill();
    run_ready();
    BOOST_TEST(link->ended.has_value());
    BOOST_TEST(world.waits() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_worker_that_is_gone_is_watched_no_longer_while_others_are, watched_pair)
{
    const link_ptr gone = launch(), other = launch();
    watch_now(gone);
    watch.add(other);
    watch.remove(gone);
    watch.remove(gone);
    BOOST_REQUIRE(watch.watched().size() == 1);
    BOOST_TEST(watch.watched().front() == other);
    watch.begin_waits();
    close(worker(gone).log);
    run_ready();
    print(gone, "x");
    run_ready();
    BOOST_TEST(world.waits() == 2 * waits_of_worker - 1); // what was begun is for whoever closes them
    watch.remove(other);
    BOOST_TEST(!watch.is_on());
}

BOOST_AUTO_TEST_CASE(nobody_is_watched_where_all_are_gone)
{
    const link_ptr link = launch();
    watch.add(link);
    watch.forget_all();
    watch.begin_waits();
    BOOST_TEST(!watch.is_on());
    BOOST_TEST(!link->is_watched);
    BOOST_TEST(world.waits() == 0);
}

BOOST_FIXTURE_TEST_CASE(what_a_worker_has_closed_and_what_nobody_wants_to_hear_is_not_watched, watched_pair)
{
    const link_ptr silent = launch(), faulty = launch();
    silent->silent = true;
    faulty->fault = "a fault";
    watch_now(silent);
    watch_now(faulty);
    BOOST_TEST(world.waits() == 2 * waits_of_worker - 2);
    close(worker(silent).log);
    run_ready();
    BOOST_TEST(take_looks() == "log of 1");
    BOOST_TEST(world.waits() == 2 * waits_of_worker - 3);
    print(faulty, "the last that it printed\n");
    run_ready();
    BOOST_TEST(printed == "the last that it printed\n");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
