#include <schedule/deadlines.hpp>
#include <schedule/task_queue.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace tandem::schedule {
namespace {

struct task_with_options : task
{
    explicit task_with_options(const run_options& wanted) : own(wanted) { options = &own; }
    detail::task_options own;
};

struct prioritised_task : task_with_options
{
    explicit prioritised_task(int priority) : task_with_options({.priority = priority}) {}
};

/// The same by the standard library.
class model
{
public:
    void push_back(prioritised_task& t) { levels_[t.options->priority].push_back(&t); }
    void push_front(prioritised_task& t) { levels_[t.options->priority].push_front(&t); }
    void remove(prioritised_task& t)
    {
        const auto level = levels_.find(t.options->priority);
        level->second.remove(&t);
        if (level->second.empty())
            levels_.erase(level);
    }
    task* front() const { return levels_.empty() ? nullptr : levels_.begin()->second.front(); }

private:
    std::map<int, std::list<prioritised_task*>, std::greater<>> levels_;
};

constexpr int lowest = std::numeric_limits<int>::min();
constexpr int highest = std::numeric_limits<int>::max();

} // namespace

BOOST_AUTO_TEST_SUITE(task_queues)

BOOST_AUTO_TEST_CASE(the_first_is_that_of_the_highest_priority_and_of_these_the_oldest_whatever_came_and_went)
{
    std::mt19937 random(1);
    const auto below = [&random](std::size_t count) { return random() % count; };
    // Few, close together, far apart.
    const std::vector<std::function<int()>> priorities{
        [&] { return std::array{0, 0, 1, -1, lowest, highest, lowest + 1, highest - 1}[below(8)]; },
        [&] { return static_cast<int>(below(300)) - 100; }, [&] { return static_cast<int>(random()); }};
    for (const auto& choose : priorities) {
        task_queue queue;
        model expected;
        std::deque<prioritised_task> tasks;
        std::vector<prioritised_task*> in;
        for (int step = 0; step != 20'000; ++step) {
            const std::size_t what = below(step % 4000 < 2000 ? 3 : 5); // it grows, then it shrinks
            if (what < 2) {
                prioritised_task& t = tasks.emplace_back(choose());
                what == 0 ? queue.push_back(t) : queue.push_front(t);
                what == 0 ? expected.push_back(t) : expected.push_front(t);
                in.push_back(&t);
            } else if (!in.empty()) {
                const auto which = what == 2 ? std::ranges::find(in, queue.front())
                                             : in.begin() + static_cast<std::ptrdiff_t>(below(in.size()));
                expected.remove(**which);
                task_queue::remove(**which);
                in.erase(which);
            }
            BOOST_REQUIRE(queue.front() == expected.front());
            BOOST_REQUIRE(queue.size() == in.size());
        }
        queue.clear();
        BOOST_TEST(queue.front() == nullptr);
        BOOST_TEST(queue.empty());
    }
}

BOOST_AUTO_TEST_CASE(what_was_taken_as_a_queue_of_its_own_keeps_its_order_and_lets_each_task_go)
{
    std::deque<prioritised_task> tasks;
    for (const int priority : {0, 5, -5, 0, 5, 7})
        tasks.emplace_back(priority);
    task_queue queue;
    for (prioritised_task& t : tasks)
        queue.push_back(t);
    task_queue taken = queue.take_all();
    BOOST_TEST(queue.empty());
    BOOST_TEST(queue.front() == nullptr);
    prioritised_task later(5);
    queue.push_back(later);
    task_queue::remove(tasks[4]);
    BOOST_TEST(taken.size() == 5u);
    BOOST_TEST(queue.size() == 1u);
    for (const std::size_t next : {5U, 1U, 0U, 3U, 2U}) {
        BOOST_REQUIRE(taken.front() == &tasks[next]);
        task_queue::remove(tasks[next]);
    }
    BOOST_TEST(taken.front() == nullptr);
    BOOST_TEST(queue.front() == &later);
}

BOOST_AUTO_TEST_CASE(deadlines_come_in_their_order_whatever_was_set_and_cleared)
{
    std::mt19937 random(1);
    std::deque<task_with_options> tasks;
    for (int i = 0; i != 500; ++i)
        tasks.emplace_back(run_options());
    deadlines all;
    std::set<std::pair<time_point, std::uint64_t>> expected;
    for (int step = 0; step != 20'000; ++step) {
        const std::size_t which = random() % tasks.size();
        task& t = tasks[which];
        t.id = which;
        if (t.has_deadline)
            expected.erase({t.options->deadline, t.id});
        const time_point deadline = random() % 4 == 0 ? time_point::max() : time_point(std::chrono::nanoseconds(random() % 1000));
        all.set(t, deadline);
        if (deadline != time_point::max())
            expected.emplace(deadline, t.id);
        BOOST_REQUIRE((all.earliest() == (expected.empty() ? time_point::max() : expected.begin()->first)));
    }
    BOOST_TEST_MESSAGE(expected.size() << " are left");
    for (const auto& [deadline, id] : expected) {
        task* const t = all.take_expired(deadline);
        BOOST_REQUIRE(t);
        BOOST_TEST(t->id == id);
    }
    BOOST_TEST(all.take_expired(time_point::max()) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
