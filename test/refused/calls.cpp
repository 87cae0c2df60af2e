// Calls of the pools and of async_map that are none: see refused.sh.
#include <tandem.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace asio = boost::asio;

extern tandem::process_pool cpu;
extern tandem::thread_pool io;
extern std::vector<int> numbers;
extern std::vector<std::string> texts;

int half(int number);
int difference(int first, int second);
asio::awaitable<int> compute(int number);

struct located
{
    explicit located(int);
    int place;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(place);
    }
};

// --- completion tokens

// refused: neither a completion token nor a handler | void ?[(]std::.*exception_ptr, int[)]
void handler_without_result() { cpu.async_run(tandem::task<half>(1), [](std::exception_ptr) {}); }

// refused: neither a completion token nor a handler | void ?[(]std::.*exception_ptr, int[)]
void handler_of_another_result() { cpu.async_run(tandem::task<half>(1), [](std::exception_ptr, std::string) {}); }

// refused: neither a completion token nor a handler | void ?[(]std::.*exception_ptr, int[)]
void handler_of_an_error_code() { cpu.async_run(tandem::task<half>(1), [](boost::system::error_code, int) {}); }

// refused: neither a completion token nor a handler | void ?[(]std::.*exception_ptr, int[)]
void handler_with_options() { cpu.async_run(tandem::task<half>(1), tandem::run_options{}, [](int) {}); }

// refused: neither a completion token nor a handler | void ?[(]std::.*exception_ptr, int[)]
void handler_of_a_reference() { cpu.async_run(tandem::task<half>(1), [](std::exception_ptr, int&) {}); }

// refused: neither a completion token nor a handler
void bound_handler() { cpu.async_run(tandem::task<half>(1), asio::bind_executor(io.get_executor(), [](int) {})); }

// refused: neither a completion token nor a handler
void number_as_token() { cpu.async_run(tandem::task<half>(1), 5); }

// refused: neither a completion token nor a handler
void executor_as_token() { cpu.async_run(tandem::task<half>(1), io.get_executor()); }

// refused: neither a completion token nor a handler | void ?[(]std::.*exception_ptr[)]
void handler_on_threads() { io.async_run([] {}, [](std::exception_ptr, int) {}); }

// refused: neither a completion token nor a handler | vector<int
void handler_of_a_map() { tandem::async_map(cpu, tandem::task<half>, numbers, [](std::exception_ptr, int) {}); }

// refused: neither a completion token nor a handler
void handler_of_a_start() { cpu.async_start([] {}); }

// refused: neither a completion token nor a handler
void handler_of_a_shutdown() { cpu.async_shutdown(tandem::shutdown_mode::drain, [](int) {}); }

// refused: the handler cannot be copied. Move it
void handler_not_moved()
{
    auto handler = [p = std::unique_ptr<int>()](std::exception_ptr, int) {};
    cpu.async_run(tandem::task<half>(1), handler);
}

// --- options

// refused: run_options come before the completion token
void options_behind() { cpu.async_run(tandem::task<half>(1), asio::detached, tandem::run_options{.retries = 1}); }

// refused: run_options come before the completion token
void options_behind_in_braces() { cpu.async_run(tandem::task<half>(1), asio::use_future, {.retries = 1}); }

// refused: run_options come before the completion token
void options_behind_on_threads() { io.async_run([] {}, asio::deferred, tandem::run_options{.retries = 1}); }

// refused: run_options come before the completion token
void options_behind_in_braces_on_threads() { io.async_run([] {}, asio::use_awaitable, {.retries = 1}); }

// refused: run_options come behind the work
void options_first() { cpu.async_run(tandem::run_options{}, tandem::task<half>(1), asio::detached); }

// refused: map_options come before the completion token
void map_options_behind() { tandem::async_map(cpu, tandem::task<half>, numbers, asio::detached, tandem::map_options{}); }

// refused: map_options come before the completion token
void map_options_in_braces() { tandem::async_map(cpu, tandem::task<half>, numbers, asio::use_future, {.in_flight = 1}); }

// refused: a map takes map_options
void run_options_for_a_map() { tandem::async_map(cpu, tandem::task<half>, numbers, tandem::run_options{}, asio::use_future); }

// refused: a map takes map_options
void run_options_for_a_map_alone() { tandem::async_map(cpu, tandem::task<half>, numbers, tandem::run_options{}); }

// refused: a map takes map_options
void run_options_for_a_map_on_threads() { tandem::async_map(io, half, numbers, tandem::run_options{}, asio::detached); }

// refused: map_options are for async_map
void map_options_for_a_run() { cpu.async_run(tandem::task<half>(1), tandem::map_options{}, asio::use_future); }

// refused: map_options are for async_map
void map_options_for_a_run_alone() { cpu.async_run(tandem::task<half>(1), tandem::map_options{}); }

// refused: map_options are for async_map
void map_options_for_a_run_on_threads() { io.async_run([] {}, tandem::map_options{}, asio::detached); }

// refused: takes the work, then run_options, then a completion token
void time_for_options() { cpu.async_run(tandem::task<half>(1), std::chrono::seconds(1), asio::detached); }

// refused: then map_options, then a completion token
void number_for_map_options() { tandem::async_map(io, half, numbers, 4, asio::detached); }

// --- what a pool runs

// refused: task<f> has no arguments yet
void task_without_arguments() { cpu.async_run(tandem::task<half>, asio::detached); }

// refused: task<f> has no arguments yet
void task_and_arguments() { cpu.async_run(tandem::task<difference>, 1, asio::detached); }

// refused: a process_pool runs tasks only
void function_and_arguments() { cpu.async_run(half, 1, asio::detached); }

// refused: a process_pool runs tasks only
void lambda_on_processes(int n) { cpu.async_run([n] { return n; }, asio::use_future); }

// refused: a process_pool runs tasks only
asio::awaitable<void> awaited_lambda() { co_await cpu.async_run([] { return 1; }); }

// refused: a process_pool runs tasks only
void coroutine_on_processes() { cpu.async_run(compute(1), asio::detached); }

// refused: takes the work, then run_options, then a completion token
void function_and_arguments_on_threads() { io.async_run([] { return 1; }, 1.5, asio::detached); }

// refused: can be called without arguments
void function_with_parameter_on_threads() { io.async_run(half, asio::detached); }

// refused: can be called without arguments
void result_on_threads() { io.async_run(half(1), asio::detached); }

// refused: task<f> has no arguments yet
void task_without_arguments_on_threads() { io.async_run(tandem::task<half>, asio::detached); }

// refused: a coroutine that was made already
void coroutine_on_threads() { io.async_run(compute(1), asio::detached); }

// refused: the work cannot be copied. Move it
void work_not_moved()
{
    auto work = [p = std::unique_ptr<int>()] {};
    io.async_run(work, asio::detached);
}

// refused: a result needs a default constructor
void result_without_default() { io.async_run([] { return located(1); }, asio::detached); }

// --- maps

// refused: fewer arguments than f has parameters
void map_of_two_parameters() { tandem::async_map(cpu, tandem::task<difference>, numbers, asio::detached); }

// refused: does not convert to f's parameter
void map_of_other_elements() { tandem::async_map(cpu, tandem::task<half>, texts, asio::detached); }

// refused: may lose its value
void map_of_longer_elements() { tandem::async_map(io, tandem::task<half>, std::vector<long long>(), asio::detached); }

// refused: async_map calls task<f> itself
void map_of_a_bound_task() { tandem::async_map(cpu, tandem::task<half>(1), numbers, asio::detached); }

// refused: a process_pool runs tasks only
void map_of_a_lambda_on_processes() { tandem::async_map(cpu, [](int) {}, numbers, asio::detached); }

// refused: a process_pool runs tasks only
void map_of_a_function_on_processes() { tandem::async_map(cpu, half, numbers, asio::detached); }

// refused: cannot be called with one element
void map_of_other_elements_on_threads() { tandem::async_map(io, [](int) {}, texts, asio::detached); }

// refused: cannot be called with one element
void map_of_references() { tandem::async_map(io, [](int&) {}, numbers, asio::detached); }

// refused: must not be mutable
void map_of_a_mutable_lambda() { tandem::async_map(io, [n = 0](int) mutable { ++n; }, numbers, asio::detached); }

// refused: the range cannot be copied. Move it
void range_not_moved(std::vector<std::unique_ptr<int>>& owners)
{
    tandem::async_map(io, [](const std::unique_ptr<int>&) {}, owners, asio::detached);
}

// refused: can neither be copied nor belong to the range
void view_of_owners(std::vector<std::unique_ptr<int>>& owners)
{
    tandem::async_map(io, [](const std::unique_ptr<int>&) {}, std::span(owners), asio::detached);
}

// refused: a result needs a default constructor
void map_result_without_default() { tandem::async_map(io, [](int n) { return located(n); }, numbers, asio::detached); }

// refused: third argument is no range
void number_as_range() { tandem::async_map(cpu, tandem::task<half>, 5, asio::detached); }

// refused: third argument is no range
void range_before_function() { tandem::async_map(cpu, numbers, tandem::task<half>, asio::detached); }

// refused: first argument is the pool
void pool_last() { tandem::async_map(tandem::task<half>, numbers, cpu, asio::detached); }

// refused: first argument is the pool
void executor_as_pool() { tandem::async_map(io.get_executor(), half, numbers, asio::detached); }

// --- calls with a function that cannot be a task say so once

// refused: must not be a reference to non-const
void overwrite(std::string& target);
asio::awaitable<void> overwritten()
{
    co_await cpu.async_run(tandem::task<overwrite>(texts.front()));
    co_await tandem::async_map(cpu, tandem::task<overwrite>, texts);
}

// refused: needs a default constructor
located locate(int number);
asio::awaitable<int> located_place()
{
    const located found = co_await cpu.async_run(tandem::task<locate>(1), asio::use_awaitable);
    co_return found.place;
}

// refused: a process_pool runs tasks only
void lambda_as_initializer()
{
    tandem::process_pool pool{io, {.initializer = [] {}}};
}

// refused: task<f> has no arguments yet
void task_without_arguments_as_initializer()
{
    tandem::process_pool pool{io, {.initializer = tandem::task<half>}};
}
