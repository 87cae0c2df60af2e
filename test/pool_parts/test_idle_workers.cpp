// A whole pool in the simulated world, of which nobody watches the idle workers.
#include "simulated_pool.hpp"

#include <process_pool/pool.hpp>

namespace pool_parts {
namespace {

constexpr std::size_t pool_size = 8;
constexpr std::size_t waits_of_chosen = 3; // for its frames, its log and its end

class counted_operation final : public task_operation
{
public:
    explicit counted_operation(std::vector<std::string>& outcomes) : task_operation(first_entry()), outcomes_(outcomes)
    {
        id = 1;
        const simulate::simulated_arguments arguments{.number = 1};
        std::memcpy(bytes_.data() + message_head_size, &arguments, sizeof arguments);
        message = bytes_;
    }
    void complete(completion_mode, const boost::asio::any_io_executor&, task_result outcome) override
    {
        outcomes_.push_back(test::describe(outcome.error));
        delete this;
    }
    void destroy() noexcept override { delete this; }

private:
    std::vector<std::string>& outcomes_;
    std::array<std::byte, message_head_size + sizeof(simulate::simulated_arguments)> bytes_{};
};

/// All of its workers are ready, and nobody watches them. Choices are the usual ones.
struct idle_pool : private simulate::witness
{
    explicit idle_pool(std::chrono::nanoseconds retire_idle = 0s)
    {
        auto options = quiet_options();
        options.workers = pool_size;
        options.retire.idle = retire_idle;
        simulate::witness& seen = *this;
        auto starts = std::make_unique<simulate::launcher>(world, std::vector<std::string>{first_entry().mangled_name()}, seen, 0);
        launcher = starts.get();
        made = std::make_shared<pool>(boost::asio::any_io_executor(simulate::executor(world)), options,
                                      std::make_unique<simulate::loop>(world), std::move(starts), nullptr, nullptr);
        made->start(std::make_unique<recorded_wait>(waits_destroyed));
        run();
        BOOST_REQUIRE(waits_destroyed == 1);
        BOOST_REQUIRE(made->stats().ready_workers == (retire_idle == 0s ? pool_size : 0));
        BOOST_REQUIRE(world.waits() == 0);
    }
    ~idle_pool()
    {
        made->close();
        world.end_context();
    }

    void run()
    {
        constexpr int most_steps = 10'000;
        for (int step = 0; world.step(); ++step) {
            BOOST_REQUIRE_MESSAGE(step != most_steps, "it goes on for ever");
        }
    }

    void submit() { made->submit(new counted_operation(outcomes)); }

    /// The one that is chosen next is the last that was ready.
    simulate::worker& last(std::size_t number = 1) { return *launcher->workers()[pool_size - number]; }

    simulate::world world{simulate::choices(std::vector<std::uint32_t>()), simulated_pool::story()};
    simulate::launcher* launcher = nullptr;
    std::shared_ptr<pool> made;
    int waits_destroyed = 0;
    int begins_seen = 0;
    std::vector<std::string> outcomes;

private:
    void begins(std::uint64_t) override { ++begins_seen; }
    void ends(std::uint64_t) override {}
};

/// The task was run once, and nobody is blamed for what happened before.
void check_success(idle_pool& p)
{
    p.submit();
    p.run();
    BOOST_TEST(join(p.outcomes) == "none");
    BOOST_TEST(p.begins_seen == 1);
    BOOST_TEST(p.world.waits() == 0);
    const auto stats = p.made->stats();
    BOOST_TEST(stats.completed == 1);
    BOOST_TEST(stats.start_failures == 0);
    BOOST_TEST(stats.workers_died == 0);
    BOOST_TEST(stats.retried == 0);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(idle_workers, idle_pool)

BOOST_AUTO_TEST_CASE(only_the_worker_that_gets_a_task_is_watched)
{
    submit();
    BOOST_TEST(world.waits() == waits_of_chosen);
    BOOST_TEST(last().is_awaited());
    BOOST_TEST(last().exit_waiter.is_waiting());
    run();
    BOOST_TEST(join(outcomes) == "none");
    BOOST_TEST(world.waits() == 0);
}

BOOST_AUTO_TEST_CASE(a_worker_that_ended_while_it_was_idle_gets_no_task)
{
    last(1).kill();
    last(2).kill();
    check_success(*this);
    BOOST_TEST(made->stats().workers == pool_size - 2); // whom nobody looked at is counted
    BOOST_TEST(launcher->workers().size() == pool_size);
}

BOOST_AUTO_TEST_CASE(a_worker_that_closed_its_end_while_it_was_idle_gets_no_task)
{
    last().out->has_writer = false;
    check_success(*this);
    BOOST_TEST(last().has_ended()); // it had a second for that
}

BOOST_AUTO_TEST_CASE(a_worker_that_said_something_while_it_was_idle_gets_no_task)
{
    last().out->write(frame_bytes(tandem::channel::frame_kind::result, 7));
    check_success(*this);
    BOOST_TEST(last().has_ended());
}

BOOST_AUTO_TEST_CASE(a_worker_that_only_rang_gets_the_task)
{
    last().out->write(frame_bytes(tandem::channel::frame_kind::bell, 0));
    check_success(*this);
    BOOST_TEST(!last().has_ended());
    BOOST_TEST(made->stats().workers == pool_size);
    BOOST_TEST(last().out->bytes.empty());
}

BOOST_AUTO_TEST_CASE(all_may_have_ended_while_they_were_idle)
{
    for (const auto& one : std::vector(launcher->workers())) {
        one->kill();
    }
    check_success(*this); // though more of them never began a task than starts may fail
    BOOST_TEST(launcher->workers().size() == pool_size + 1);
    BOOST_TEST(made->stats().workers == 1);
}

BOOST_AUTO_TEST_CASE(what_idle_workers_said_is_not_read_for_another)
{
    last(2).out->write(frame_bytes(tandem::channel::frame_kind::result, 7));
    check_success(*this);
    BOOST_TEST(!last(2).has_ended());
    BOOST_TEST(made->stats().workers == pool_size);
}

BOOST_AUTO_TEST_CASE(all_are_watched_in_a_shutdown)
{
    last(3).kill();
    made->shutdown({}, std::make_unique<recorded_wait>(waits_destroyed));
    BOOST_TEST(world.waits() >= (pool_size - 1) * waits_of_chosen);
    run();
    BOOST_TEST(made->stats().workers == 0);
    BOOST_TEST(waits_destroyed == 2);
    BOOST_TEST(world.waits() == 0);
}

BOOST_AUTO_TEST_CASE(all_are_started_once_where_they_retire_sooner_than_one_starts)
{
    const idle_pool retiring(1us); // each step in this world takes as long
    const auto stats = retiring.made->stats();
    BOOST_TEST(stats.workers_started == pool_size);
    BOOST_TEST(stats.retired.idle == pool_size);
    BOOST_TEST(stats.workers == 0);
    for (const auto& one : retiring.launcher->workers()) {
        BOOST_TEST(one->has_ended());
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
