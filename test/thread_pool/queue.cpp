// A thread pool's queue, whose threads, alarm and clock are the test's.
#include <simulate/thread_executor.hpp>

#include <tandem/detail/plain_work.hpp>
#include <thread_pool/thread_work_queue.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace detail = tandem::detail;
using namespace std::chrono_literals;
using detail::time_point;
using tandem::run_options;

/// One thread, which runs what was posted when the test says so.
class counted_thread final : public simulate::thread_host
{
public:
    asio::execution_context& context() noexcept override { return context_; }
    bool is_on_thread() const noexcept override { return runs_; }
    void interleave() override {}
    void post(std::function<void()> handler) override
    {
        if (when_posted)
            when_posted();
        posted_.push_back(std::move(handler));
    }

    bool run_one()
    {
        if (posted_.empty())
            return false;
        const auto next = std::move(posted_.front());
        posted_.pop_front();
        runs_ = true;
        next();
        runs_ = false;
        return true;
    }
    void run_all()
    {
        while (run_one()) {
        }
    }

    std::function<void()> when_posted;
    time_point now = time_point(1h);
    std::vector<time_point> alarms;

private:
    asio::execution_context context_;
    std::deque<std::function<void()>> posted_;
    bool runs_ = false;
};

/// What the queue has of it.
class test_threads
{
public:
    explicit test_threads(counted_thread& t) : alarm{t}, thread_(t) {}

    template <class Function>
    void post(Function function)
    {
        thread_.post(std::move(function));
    }
    time_point now() const noexcept { return thread_.now; }

    struct counted_alarm
    {
        counted_thread& thread;

        template <class Queue>
        void set(time_point time, const std::shared_ptr<Queue>& /*queue*/)
        {
            thread.alarms.push_back(time);
        }
        void stop() {}
        void join() {}
        void call_apart(const std::function<void()>& function) { function(); }
    };
    counted_alarm alarm;

private:
    counted_thread& thread_;
};

struct queue_fixture
{
    using queue_type = detail::thread_work_queue<test_threads>;

    ~queue_fixture()
    {
        thread.when_posted = nullptr;
        queue->close();
        thread.run_all();
    }

    void submit(const run_options& options)
    {
        const detail::initiate_thread_run<simulate::thread_executor> run(executor, &base);
        run([this](const std::exception_ptr&) { ++completed; }, [] {}, options);
    }

    bool takes_plain_work()
    {
        const bool takes = queue->submit_plain();
        if (takes)
            queue->forget_plain(false);
        return takes;
    }

    counted_thread thread;
    simulate::thread_executor executor{thread};
    std::shared_ptr<queue_type> queue = std::make_shared<queue_type>(thread);
    std::shared_ptr<detail::work_queue> base = queue;
    int completed = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(queue, queue_fixture)

BOOST_AUTO_TEST_CASE(the_alarm_is_told_once_of_many_deadlines)
{
    constexpr int count = 1'000;
    for (int i = 0; i != count; ++i) {
        submit({.run_timeout = 1h, .queue_timeout = 2h});
        thread.now += 1ms;
        thread.run_one();
    }
    BOOST_TEST(completed == count);
    BOOST_TEST(thread.alarms.size() <= 2U); // of the first piece's two
}

BOOST_AUTO_TEST_CASE(the_alarm_is_not_told_of_each_deadline_where_each_is_hardly_earlier)
{
    constexpr int count = 1'000;
    for (int i = 0; i != count; ++i)
        submit({.queue_timeout = 1h - i * 1us});
    BOOST_TEST(thread.alarms.size() <= 11U);
    const auto earliest = thread.now + 1h - (count - 1) * 1us;
    BOOST_TEST((thread.alarms.back() >= earliest && thread.alarms.back() - earliest <= 100us));
}

BOOST_AUTO_TEST_CASE(the_alarm_is_told_of_an_earlier_deadline_and_of_the_next_one)
{
    submit({.queue_timeout = 1h});
    submit({.queue_timeout = 1s});
    BOOST_TEST((thread.alarms.back() == thread.now + 1s));
    const auto last = thread.now + 1h;
    thread.now += 1s;
    queue->end_expired();
    BOOST_TEST((thread.alarms.back() == last));
    BOOST_TEST(queue->counts().queued == 1U);
}

BOOST_AUTO_TEST_CASE(an_alarm_that_comes_for_what_has_ended_looks_for_the_next)
{
    submit({.run_timeout = 1s});
    thread.run_one();
    submit({.queue_timeout = 1h});
    BOOST_TEST(thread.alarms.size() == 1U);
    const auto last = thread.now + 1h;
    thread.now += 1s;
    queue->end_expired();
    BOOST_TEST(thread.alarms.size() == 2U);
    BOOST_TEST((thread.alarms.back() == last));
}

BOOST_AUTO_TEST_CASE(plain_work_is_plain_again_when_no_prioritised_work_is_left)
{
    BOOST_TEST(takes_plain_work());
    submit({.priority = 1});
    submit({.priority = -1});
    BOOST_TEST(!takes_plain_work());
    thread.run_one();
    BOOST_TEST(!takes_plain_work());
    thread.run_one();
    BOOST_TEST(completed == 2);
    BOOST_TEST(takes_plain_work());
}

BOOST_AUTO_TEST_CASE(what_prioritised_work_has_overtaken_comes_before_what_is_plain_again)
{
    std::vector<int> order;
    const detail::initiate_thread_run<simulate::thread_executor> run(executor, &base);
    const auto note = [&order](int number) { return [&order, number] { order.push_back(number); }; };
    const auto done = [](const std::exception_ptr&) {};
    run(done, note(1));
    run(done, note(2));
    run(done, note(3), run_options{.priority = 1});
    thread.run_one();
    BOOST_TEST(!takes_plain_work());
    run(done, note(4));
    thread.run_all();
    const std::vector<int> expected{3, 1, 2, 4};
    BOOST_TEST(order == expected, boost::test_tools::per_element());
    BOOST_TEST(takes_plain_work());
}

BOOST_AUTO_TEST_CASE(a_retry_has_its_priority)
{
    const detail::initiate_thread_run<simulate::thread_executor> run(executor, &base);
    run([](const std::exception_ptr&) {},
        [this] {
            thread.now += 2h;
            queue->end_expired();
        },
        run_options{.run_timeout = 1h, .retries = 1, .priority = 1});
    thread.run_one();
    BOOST_TEST(queue->counts().queued == 1U);
    BOOST_TEST(!takes_plain_work());
    thread.run_one();
    BOOST_TEST(queue->counts().queued == 0U);
    BOOST_TEST(takes_plain_work());
}

BOOST_AUTO_TEST_CASE(a_pool_that_stops_lets_others_have_its_lock_between_completions)
{
    constexpr std::size_t count = 2'000;
    for (std::size_t i = 0; i != count; ++i)
        submit({.priority = static_cast<int>(i % 3), .label = "waits"});
    std::size_t before = count, largest = 0;
    thread.when_posted = [&] {
        const std::size_t queued = queue->counts().queued;
        largest = std::max(largest, before - queued);
        before = queued;
    };
    queue->close();
    BOOST_TEST_MESSAGE("at most " << largest << " of " << count << " were removed at once");
    BOOST_TEST(largest <= 256U);
    BOOST_TEST(before == 0U);
    thread.when_posted = nullptr;
    thread.run_all();
    BOOST_TEST(completed == static_cast<int>(count));
}

BOOST_AUTO_TEST_SUITE_END()
