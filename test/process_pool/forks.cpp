// Tasks that fork, and whose child goes on as a copy of the worker.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>
#include <tandem/this_task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <future>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::task;

namespace {

pid_t fork_by(const std::string& way)
{
    if (way == "_Fork")
        return ::_Fork();
    if (way == "clone")
        return static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    return ::fork();
}

// The child is the first to return, as after an exec that failed.
bool is_child(const std::string& way)
{
    const pid_t child = fork_by(way);
    if (child != 0)
        std::this_thread::sleep_for(20ms);
    return child == 0;
}

std::string fork_and_return(const std::string& way, std::size_t size)
{
    return std::string(size, is_child(way) ? 'c' : 'p');
}

int fork_and_throw(const std::string& way)
{
    if (is_child(way))
        throw std::runtime_error("the child's");
    return 1;
}

struct forking_error : std::exception
{
    explicit forking_error(std::string w) : way(std::move(w)) {}
    const char* what() const noexcept override { return is_child(way) ? "the child's" : "the parent's"; }
    std::string way;
};

int throw_forking(const std::string& way)
{
    throw forking_error(way);
}

int fork_when_asked_to_stop(const std::string& gate_path)
{
    const std::stop_callback forks(tandem::this_task::stop_token(), [] { static_cast<void>(::fork()); });
    return hold(gate_path);
}

int fork_sometimes(int number)
{
    return number % 100 == 50 && is_child("fork") ? -1 : number;
}

void initialize_by_fork(const std::string& way)
{
    static_cast<void>(is_child(way));
}

// What the child ended with.
int status_of_child(bool throws)
{
    const pid_t child = ::fork();
    if (child == 0 && throws)
        throw std::runtime_error("the child's");
    int status = 0;
    if (child != 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status))
        return WEXITSTATUS(status);
    return -1;
}

constexpr const char* ways[] = {"fork", "_Fork", "clone"};

} // namespace

BOOST_AUTO_TEST_SUITE(forks)

BOOST_AUTO_TEST_CASE(a_result_is_the_parents)
{
    processes side(2);
    for (const std::string way : ways)
        for (const std::size_t size : {std::size_t{1}, std::size_t{100'000}, std::size_t{1'000'000}}) {
            auto result = side.pool.async_run(task<fork_and_return>(way, size), asio::use_future);
            std::vector<std::future<int>> innocent; // which a child could read
            for (int i = 0; i != 100; ++i)
                innocent.push_back(side.pool.async_run(task<add>(i, 1), asio::use_future));
            const std::string text = get_soon(std::move(result));
            BOOST_TEST((text == std::string(size, 'p')), way << ", " << size << ": " << text.substr(0, 10));
            for (int i = 0; i != 100; ++i)
                BOOST_TEST(get_soon(std::move(innocent[static_cast<std::size_t>(i)])) == i + 1);
        }
    BOOST_TEST(side.pool.stats().workers_died == 0U);
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_childs_is_nobodys)
{
    processes side(1);
    for (const std::string way : ways)
        BOOST_TEST(get_soon(side.pool.async_run(task<fork_and_throw>(way), asio::use_future)) == 1, way);
    BOOST_TEST(side.pool.stats().workers_died == 0U);
}

BOOST_AUTO_TEST_CASE(an_exception_that_forks_as_it_is_encoded_is_the_parents)
{
    processes side(1);
    for (const std::string way : ways) {
        auto failed = side.pool.async_run(task<throw_forking>(way), asio::use_future);
        std::vector<std::future<int>> innocent;
        for (int i = 0; i != 20; ++i)
            innocent.push_back(side.pool.async_run(task<add>(i, 1), asio::use_future));
        BOOST_CHECK_EXCEPTION(get_soon(std::move(failed)), std::exception,
                              [](const std::exception& e) { return std::string(e.what()).ends_with("the parent's"); });
        for (int i = 0; i != 20; ++i)
            BOOST_TEST(get_soon(std::move(innocent[static_cast<std::size_t>(i)])) == i + 1, way);
    }
    BOOST_TEST(side.pool.stats().workers_died == 0U);
}

BOOST_AUTO_TEST_CASE(a_stop_callback_that_forks_is_called_in_the_worker)
{
    processes side(1);
    for (int i = 0; i != 5; ++i) {
        const gate place;
        asio::cancellation_signal signal;
        const recording<int> stopped;
        side.pool.async_run(task<fork_when_asked_to_stop>(place.path()),
                            asio::bind_cancellation_slot(signal.slot(), stopped.handler()));
        BOOST_REQUIRE(place.wait_for_begun());
        signal.emit(asio::cancellation_type::partial);
        BOOST_TEST(stopped.take() == asked_to_stop);
    }
}

BOOST_AUTO_TEST_CASE(a_map_goes_on)
{
    processes side(2);
    std::vector<int> numbers(500);
    for (int i = 0; i != 500; ++i)
        numbers[static_cast<std::size_t>(i)] = i;
    const auto results = get_soon(tandem::async_map(side.pool, task<fork_sometimes>, numbers, asio::use_future));
    BOOST_TEST(results == numbers, boost::test_tools::per_element());
    // Many calls in one message.
    BOOST_TEST(get_soon(tandem::async_map(side.pool, task<fork_sometimes>, numbers, asio::use_future)) == numbers,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_initializer_says_once_that_it_is_ready)
{
    for (const std::string way : ways) {
        processes side(1, {.initializer = task<initialize_by_fork>(way)});
        for (int i = 0; i != 10; ++i)
            BOOST_TEST(get_soon(side.pool.async_run(task<add>(i, 1), asio::use_future)) == i + 1, way);
        BOOST_TEST(side.pool.stats().workers_started == 1U);
    }
}

BOOST_AUTO_TEST_CASE(the_child_ends_where_its_task_would)
{
    processes side(1);
    BOOST_TEST(get_soon(side.pool.async_run(task<status_of_child>(false), asio::use_future)) == 0);
    BOOST_TEST(get_soon(side.pool.async_run(task<status_of_child>(true), asio::use_future)) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
