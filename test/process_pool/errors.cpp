// Each error that one can provoke: its code, and that the pool goes on afterwards.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>
#include <support/troubled.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::run_options;
using tandem::task;

namespace {

int process_of(tandem::process_pool& pool)
{
    return get_soon(pool.async_run(task<process_id>(), asio::use_future));
}

// Dies at its first run, by the file that is its memory.
int die_once(const std::string& gate_path)
{
    return announce(gate_path) == 1 ? die("kill") : 42;
}

int hang_once(const std::string& gate_path)
{
    return announce(gate_path) == 1 ? hold_stubbornly(gate_path) : 42;
}

struct silent_error : std::exception
{
    const char* what() const noexcept override { return nullptr; }
};

void throw_silent()
{
    throw silent_error();
}

struct unencodable_error : std::exception
{
    template <class Archive>
    void serialize(Archive&)
    {
        throw std::runtime_error("trouble");
    }
};

const bool is_registered = (tandem::register_exception<unencodable_error>(), true);

void throw_unencodable()
{
    throw unencodable_error();
}

} // namespace

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(a_killed_worker_fails_its_task_alone)
{
    processes side(2);
    gate place, other_place;
    const recording<int> killed, other;
    side.pool.async_run(task<hold>(place.path()), run_options{.label = "mine"}, killed.handler());
    side.pool.async_run(task<hold>(other_place.path()), other.handler());
    BOOST_REQUIRE((place.wait_for_begun() && other_place.wait_for_begun()));
    const int pid = place.pids().at(0);
    BOOST_TEST(::kill(pid, SIGKILL) == 0);
    const failure f = failure_of(killed);
    BOOST_TEST(f.code == errc::worker_died);
    BOOST_TEST(f.report.signal.value_or(0) == SIGKILL);
    BOOST_TEST(!f.report.exit_code.has_value());
    BOOST_TEST(f.report.pid == pid);
    BOOST_TEST(f.report.attempts == 1U);
    BOOST_TEST(f.report.label == "mine");
    BOOST_TEST(f.report.task.find("hold") != std::string::npos);
    BOOST_TEST(f.report.peak_memory > 0);
    BOOST_TEST(process_of(side.pool) != pid);
    BOOST_TEST(other.calls() == 0);
    other_place.open();
    BOOST_TEST(other.take() == gate_opened);
    BOOST_TEST(side.pool.stats().workers_died == 1U);
}

BOOST_AUTO_TEST_CASE(every_way_to_die_is_told)
{
    processes side(1);
    const failure exited = fails(side.pool, task<die>("exit"));
    BOOST_TEST(exited.code == errc::worker_died);
    BOOST_TEST(exited.report.exit_code.value_or(-1) == 7);
    BOOST_TEST(!exited.report.signal.has_value());
    const failure aborted = fails(side.pool, task<die>("abort"));
    BOOST_TEST(aborted.report.signal.value_or(0) == SIGABRT);
    const failure crashed = fails(side.pool, task<die>("segv"));
    BOOST_TEST(crashed.code == errc::worker_died);
    BOOST_TEST((crashed.report.signal || crashed.report.exit_code)); // a sanitizer turns it into an exit
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(an_idle_worker_that_died_costs_nothing)
{
    processes side(1);
    const int pid = process_of(side.pool);
    BOOST_TEST(::kill(pid, SIGKILL) == 0);
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(process_of(side.pool) != pid);
}

BOOST_AUTO_TEST_CASE(run_timeout_ends_the_process)
{
    processes side(1);
    gate place;
    const failure f = fails(side.pool, task<hold_stubbornly>(place.path()), {.run_timeout = 200ms});
    BOOST_TEST(f.code == errc::run_timeout);
    if (!place.pids().empty())
        BOOST_TEST(process_of(side.pool) != place.pids()[0]);
}

BOOST_AUTO_TEST_CASE(queue_timeout_removes_what_waits)
{
    processes side(1);
    gate place;
    const recording<int> running;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    const failure f = fails(side.pool, task<hold>(place.path()), {.queue_timeout = 20ms});
    BOOST_TEST(f.code == errc::queue_timeout);
    BOOST_TEST(f.report.attempts == 0U);
    place.open();
    BOOST_TEST(running.take() == gate_opened);
    BOOST_TEST(place.begun() == 1U);
}

BOOST_AUTO_TEST_CASE(a_retry_may_succeed)
{
    processes side(1);
    gate died, hung;
    BOOST_TEST(
        get_soon(side.pool.async_run(task<die_once>(died.path()), run_options{.retries = 1}, asio::use_future)) == 42);
    BOOST_TEST(get_soon(side.pool.async_run(task<hang_once>(hung.path()), run_options{.run_timeout = 2s, .retries = 1},
                                            asio::use_future)) == 42);
}

BOOST_AUTO_TEST_CASE(without_retries_a_task_runs_once_and_with_them_not_more_often)
{
    processes side(1);
    gate place;
    BOOST_TEST(fails(side.pool, task<die_once>(place.path())).code == errc::worker_died);
    BOOST_TEST(place.begun() == 1U);
    const failure f = fails(side.pool, task<die>("exit"), {.retries = 2});
    BOOST_TEST(f.code == errc::worker_died);
    BOOST_TEST(f.report.attempts == 3U);
    BOOST_CHECK_THROW(
        get_soon(side.pool.async_run(task<throw_invalid>("no"), run_options{.retries = 2}, asio::use_future)),
        std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(messages_over_the_limit)
{
    processes side(1, {.max_message_size = 10'000});
    const failure arguments = fails(side.pool, task<greet>(std::string(20'000, 'x')));
    BOOST_TEST(arguments.code == errc::message_too_large);
    const failure result = fails(side.pool, task<repeat>('x', 20'000));
    BOOST_TEST(result.code == errc::message_too_large);
    BOOST_TEST(get_soon(side.pool.async_run(task<repeat>('x', 5'000), asio::use_future)).size() == 5'000U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_encoded_or_decoded)
{
    processes side(1);
    const failure save = fails(side.pool, task<take_troubled>(troubled{troubled::when_saved}));
    BOOST_TEST(save.code == errc::encode_failed);
    BOOST_TEST(save.says("trouble"));
    const failure load = fails(side.pool, task<take_troubled>(troubled{troubled::when_loaded}));
    BOOST_TEST(load.code == errc::decode_failed);
    const failure save_there = fails(side.pool, task<make_troubled>(troubled::when_saved));
    BOOST_TEST(save_there.code == errc::encode_failed);
    const failure load_here = fails(side.pool, task<make_troubled>(troubled::when_loaded));
    BOOST_TEST(load_here.code == errc::decode_failed);
    BOOST_TEST(get_soon(side.pool.async_run(task<take_troubled>(troubled{}), asio::use_future)) == 1);
}

BOOST_AUTO_TEST_CASE(an_exception_that_cannot_be_encoded_costs_no_worker)
{
    processes side(1);
    BOOST_CHECK_EXCEPTION(get_soon(side.pool.async_run(task<throw_unencodable>(), asio::use_future)), tandem::remote_exception,
                          [](const auto& e) { return e.type_name().find("unencodable_error") != std::string::npos; });
    BOOST_TEST(fails(side.pool, task<throw_silent>()).code == errc::encode_failed);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    BOOST_TEST(side.pool.stats().workers_started == 1U);
    static_cast<void>(is_registered);
}

BOOST_AUTO_TEST_CASE(a_closed_pool)
{
    processes side(1);
    get_soon(side.pool.async_shutdown(tandem::shutdown_mode::drain, asio::use_future));
    BOOST_TEST(fails(side.pool, task<add>(1, 2)).code == errc::pool_closed);
    const recording<void> start;
    side.pool.async_start(start.handler());
    BOOST_TEST(failure_of(start).code == errc::pool_closed);
}

BOOST_AUTO_TEST_SUITE_END()
