// A whole pool in the simulated world, with many tasks that end without having run: how many of them end in one handler, and so
// before others have a turn.
#include "simulated_pool.hpp"

#include <process_pool/pool.hpp>

namespace pool_parts {
namespace {

constexpr std::size_t many_tasks = 5000;
constexpr std::size_t few_tasks = 256; // that are in nobody's way

class waiting_operation final : public task_operation
{
public:
    waiting_operation(std::map<std::string, std::size_t>& outcomes, std::size_t& posted, std::chrono::nanoseconds queue_timeout)
        : task_operation(first_entry()), outcomes_(outcomes), posted_(posted)
    {
        set({.queue_timeout = queue_timeout});
        message = bytes_;
    }
    void complete(completion_mode mode, const boost::asio::any_io_executor&, task_result outcome) override
    {
        ++outcomes_[test::describe(outcome.error)];
        posted_ += mode == completion_mode::post ? 1 : 0;
        delete this;
    }
    void destroy() noexcept override
    {
        ++outcomes_["destroyed"];
        delete this;
    }

private:
    std::map<std::string, std::size_t>& outcomes_;
    std::size_t& posted_;
    std::array<std::byte, message_head_size> bytes_{};
};

/// Its workers do not start before the test lets them.
struct full_pool : private simulate::witness
{
    full_pool()
    {
        auto options = quiet_options();
        options.workers = 1;
        simulate::witness& seen = *this;
        made = std::make_shared<pool>(boost::asio::any_io_executor(simulate::executor(world)), options,
                                      std::make_unique<simulate::loop>(world),
                                      std::make_unique<simulate::launcher>(
                                          world, std::vector<std::string>{first_entry().mangled_name()}, seen, 0),
                                      nullptr, nullptr);
    }
    ~full_pool()
    {
        if (made) {
            made->close();
        }
        world.end_context();
    }

    void submit_all(std::chrono::nanoseconds queue_timeout = 0s)
    {
        for (std::size_t i = 0; i != many_tasks; ++i) {
            made->submit(new waiting_operation(outcomes, posted, queue_timeout));
        }
    }

    std::size_t ended() const
    {
        std::size_t sum = 0;
        for (const auto& [outcome, count] : outcomes) {
            sum += count;
        }
        return sum;
    }

    /// How many end in there.
    template <class Function>
    std::size_t count(Function function)
    {
        const std::size_t before = ended();
        function();
        return ended() - before;
    }

    /// Until all have ended: the most that end in one handler.
    std::size_t most_at_once()
    {
        std::size_t most = 0;
        for (std::size_t step = 0; ended() != many_tasks; ++step) {
            BOOST_REQUIRE(step != 100 * many_tasks);
            most = std::max(most, count([&] {
                if (world.ready() == 0) {
                    world.pass(0s); // a timer's turn
                }
                world.step();
            }));
        }
        return most;
    }

    simulate::world world{simulate::choices(std::vector<std::uint32_t>()), simulated_pool::story()};
    std::map<std::string, std::size_t> outcomes;
    std::size_t posted = 0; // of these, so many by handlers of their own
    std::shared_ptr<pool> made;
    int waits_destroyed = 0;

private:
    void begins(std::uint64_t) override {}
    void ends(std::uint64_t) override {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(many_tasks_of_a_pool, full_pool)

BOOST_AUTO_TEST_CASE(all_that_are_cancelled_end_a_few_at_a_time)
{
    submit_all();
    BOOST_TEST(count([&] { made->cancel_all(); }) <= few_tasks);
    BOOST_TEST(most_at_once() <= few_tasks);
    BOOST_TEST(outcomes.size() == 1);
    BOOST_TEST(made->stats().failed == many_tasks);
}

BOOST_AUTO_TEST_CASE(all_whose_time_is_over_end_a_few_at_a_time)
{
    submit_all(1s);
    BOOST_TEST(count([&] { world.pass(1h); }) == 0);
    BOOST_TEST(most_at_once() <= few_tasks);
    BOOST_TEST(outcomes.size() == 1);
    BOOST_TEST(outcomes.begin()->first.find("queue_timeout") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(all_that_a_shutdown_removes_end_a_few_at_a_time)
{
    submit_all();
    BOOST_TEST(count([&] {
        made->shutdown({.mode = tandem::shutdown_mode::cancel_queued}, std::make_unique<recorded_wait>(waits_destroyed));
    }) <= few_tasks);
    BOOST_TEST(waits_destroyed == 0);
    BOOST_TEST(most_at_once() <= few_tasks);
}

// Whose context may not be run any more.
BOOST_AUTO_TEST_CASE(the_destructor_posts_each_by_itself)
{
    submit_all();
    BOOST_TEST(count([&] {
        made->close();
        made.reset();
    }) == many_tasks);
    BOOST_TEST(posted == many_tasks);
    BOOST_TEST(outcomes.size() == 1);
    BOOST_TEST(!outcomes.contains("destroyed"));
}

BOOST_AUTO_TEST_CASE(tasks_that_say_the_same_have_the_same_error)
{
    unrun_failures failures;
    recorded_operation one, another, labelled;
    labelled.set({.label = "a label"});
    const auto error = failures.failure_of(one, tandem::schedule::outcome::queue_timeout, nullptr);
    BOOST_TEST((failures.failure_of(another, tandem::schedule::outcome::queue_timeout, nullptr) == error));
    BOOST_TEST((failures.failure_of(labelled, tandem::schedule::outcome::queue_timeout, nullptr) != error));
    const start_failure start{tandem::errc::start_failed, "why", false, {}};
    const auto unstarted = failures.failure_of(another, tandem::schedule::outcome::start_failed, &start);
    BOOST_TEST(test::describe(unstarted).find("why") != std::string::npos);
    another.attempts = 1;
    BOOST_TEST((failures.failure_of(another, tandem::schedule::outcome::start_failed, &start) != unstarted));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
