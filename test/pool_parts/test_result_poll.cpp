#include "simulated_pool.hpp"

#include <process_pool/result_poll.hpp>
#include <tandem/cpu_count.hpp>

namespace pool_parts {
namespace {

struct polled : simulated_pool
{
    explicit polled(std::size_t workers = 1) : simulated_pool(workers) {}

    /// A worker of which it is known that looking for its results pays.
    link_ptr launch_quick()
    {
        const link_ptr link = launch_ready();
        for (int i = 0; i != 1000 && !link->answer.begin(world.now()); ++i) {
            link->answer.end(world.now());
        }
        return link;
    }

    void leave_result(const link_ptr& link)
    {
        tandem::channel::ring_writer writer(page(link).results);
        BOOST_REQUIRE(writer.put(frame_bytes(tandem::channel::frame_kind::result, 1)));
    }

    bool may_stay_awake(const link_ptr& link) { return page(link).tasks.may_stay_awake.load() != 0; }

    std::vector<std::string> taken;
    result_poll poll{state, *events, loop, [this](worker_link& link, time_point, completion_batch&) {
                         taken.push_back(std::to_string(link.id));
                         while (link.results.next()) {
                         }
                     }};
};

struct polled_pair : polled
{
    polled_pair() : polled(2) {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(polling_for_results, polled)

BOOST_AUTO_TEST_CASE(a_result_is_taken_when_it_is_there)
{
    const link_ptr link = launch_quick();
    page(link).results.bell_wanted = 1;
    poll.begin(*link, world.now());
    BOOST_TEST(may_stay_awake(link));
    BOOST_TEST(page(link).results.bell_wanted.load() == 0); // the pool looks by itself
    BOOST_TEST(world.ready() == 1);
    world.step();
    world.step();
    BOOST_TEST(taken.empty());
    leave_result(link);
    world.step();
    BOOST_TEST(join(taken) == "1");
    BOOST_TEST(world.ready() == 0);
    BOOST_TEST(!link->is_looked_at);
}

BOOST_AUTO_TEST_CASE(it_looks_in_turns_with_what_else_the_context_has_to_do)
{
    const link_ptr link = launch_quick();
    poll.begin(*link, world.now());
    int others = 0;
    for (int i = 0; i != 5; ++i) {
        loop.post([&others](const auto&) { ++others; });
    }
    while (others != 5) {
        BOOST_REQUIRE(world.ready() != 0);
        world.step();
    }
    BOOST_TEST(taken.empty());
    BOOST_TEST(world.ready() == 1);
}

BOOST_AUTO_TEST_CASE(it_stops_when_the_wait_is_over_and_the_worker_may_ring_then)
{
    const link_ptr link = launch_quick();
    const time_point begin = world.now();
    poll.begin(*link, begin);
    run_ready();
    BOOST_TEST((world.now() - begin >= tandem::channel::longest_brief_wait));
    BOOST_TEST((world.now() - begin <= 2 * tandem::channel::longest_brief_wait));
    BOOST_TEST(join(taken) == "1"); // which asks to be woken
}

BOOST_AUTO_TEST_CASE(it_stops_when_the_workers_are_gone)
{
    const link_ptr link = launch_quick();
    const time_point begin = world.now();
    poll.begin(*link, begin);
    state.links.clear();
    world.step();
    BOOST_TEST(world.ready() == 0);
    BOOST_TEST(taken.empty());
    BOOST_TEST((world.now() - begin < tandem::channel::longest_brief_wait));
}

BOOST_AUTO_TEST_CASE(it_stops_when_the_pool_is_closed)
{
    const link_ptr link = launch_quick();
    poll.begin(*link, world.now());
    events->is_closed = true;
    world.step();
    BOOST_TEST(world.ready() == 0);
    BOOST_TEST(taken.empty());
    BOOST_TEST(events.use_count() == 1);
}

BOOST_FIXTURE_TEST_CASE(one_look_is_for_all_workers, polled_pair)
{
    const link_ptr first = launch_quick(), second = launch_quick();
    poll.begin(*first, world.now());
    poll.begin(*second, world.now());
    BOOST_TEST(world.ready() == 1);
    leave_result(second);
    run_ready();
    BOOST_TEST(join(taken) == "1, 2");
    poll.begin(*first, world.now()); // and it can begin again
    BOOST_TEST(world.ready() == 1);
    run_ready();
    BOOST_TEST(join(taken) == "1, 2, 1");
}

BOOST_AUTO_TEST_CASE(it_looks_only_where_processors_are_idle)
{
    // One worker is idle, the others take a processor each, as they start.
    polled some(tandem::usable_cpus()), all(tandem::usable_cpus() + 1);
    for (polled* const pool : {&some, &all}) {
        const link_ptr link = pool->launch_quick();
        const bool is_one_idle = pool == &some;
        pool->poll.begin(*link, pool->world.now());
        BOOST_TEST(pool->world.ready() == (is_one_idle ? 1 : 0));
        BOOST_TEST(link->is_looked_at == is_one_idle);
        BOOST_TEST(pool->may_stay_awake(link) == is_one_idle);
    }
}

BOOST_AUTO_TEST_CASE(it_does_not_look_for_a_worker_that_is_not_ready)
{
    const link_ptr link = launch_quick();
    link->at = worker_link::stage::greeted;
    poll.begin(*link, world.now());
    BOOST_TEST(world.ready() == 0);
    BOOST_TEST(!may_stay_awake(link));
}

BOOST_AUTO_TEST_CASE(it_does_not_look_where_that_did_not_pay)
{
    const link_ptr link = launch_ready(); // nothing is known of it: each way costs the same
    poll.begin(*link, world.now());
    BOOST_TEST(world.ready() == 0);
    BOOST_TEST(!may_stay_awake(link));
    BOOST_TEST(!link->is_looked_at);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
