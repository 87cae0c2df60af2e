// What can go wrong, and the report that says what is known about it.
#ifndef TANDEM_ERROR_HPP
#define TANDEM_ERROR_HPP

#include <tandem/detail/same_build.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace tandem {

/// What tandem itself can report. Everything else is the exception that the work threw, or
/// `asio::error::operation_aborted` where the operation was cancelled.
enum class errc
{
    worker_died = 1,       ///< The worker process ended while it was running the task. The task may have run in part.
    start_failed,          ///< The worker program could not be started.
    not_a_worker,          ///< The worker program was started but does not speak the protocol.
    version_mismatch,      ///< The worker program was built with another protocol version.
    unknown_task,          ///< The worker program does not contain the task's function.
    encode_failed,         ///< An argument, or the result, could not be encoded.
    decode_failed,         ///< An argument, or the result, could not be decoded.
    message_too_large,     ///< An argument list or a result is over process_pool_options::max_message_size.
    pool_closed,           ///< The pool was shut down or destroyed before the call.
    run_timeout,           ///< run_options::run_timeout passed while the task was running; or was negative: it did not run.
    queue_timeout,         ///< run_options::queue_timeout passed before anybody began the task. It did not run.
    duplicate_task,        ///< Two different functions are registered under one name.
    /// A pool whose workers are this very program was made before run_if_worker(), or any pool in a worker process.
    worker_without_main,
    nesting_too_deep,      ///< Pools inside of workers inside of pools, deeper than the limit.
    initializer_failed,    ///< process_pool_options::initializer threw, or could not be encoded or decoded.
    /// The task went over worker_limits::address_space, so that an allocation failed in it and its worker goes on, or
    /// over resident_memory, for which its worker was ended.
    memory_limit,
    cpu_limit,             ///< The task went over worker_limits::cpu_time, and its worker was ended.
    shutdown_timeout       ///< A worker process did not end though it was killed; the kernel holds it.
};

/// The category of errc. Its messages are sentences: what happened, and what to do.
const boost::system::error_category& tandem_category() noexcept;

boost::system::error_code make_error_code(errc e) noexcept;

/// What is known about one failed run of a task. A member that could not be learnt keeps its default.
struct attempt_report
{
    boost::system::error_code code;         ///< Why this run failed: an errc.
    int pid = 0;                            ///< The worker's process id; 0 where no worker was involved.
    std::uint32_t worker = 0;               ///< The worker's number: the pool counts those it starts, from 1.
    std::optional<int> exit_code;           ///< Where the worker exited.
    std::optional<int> signal;              ///< Where a signal ended the worker.
    bool core_dumped = false;               ///< Whether the signal left a core dump.
    /// The last of what the worker wrote to stderr and stdout, in this run or before, 4 KiB at most.
    std::string stderr_tail;
    /// Lines that the worker printed, in this run or before, and that did not get to this process's stderr, as it took no more
    /// (see worker_output::inherit()).
    std::uint64_t lines_dropped = 0;
    /// Where it crashed, for SIGSEGV, SIGABRT, SIGBUS, SIGFPE and SIGILL: a line per function, the innermost first.
    std::string stack_trace;
    bool stack_overflow = false;            ///< Whether the crash was one.
    std::chrono::microseconds run_time{0};  ///< From the task's true start to its worker's end.
    /// User and system time that the worker process spent on this run, and at most a millisecond of tasks before it.
    std::chrono::microseconds cpu_time{0};
    /// Peak resident memory of the worker process in bytes: of this run, or of an earlier task of its if that took
    /// more.
    std::int64_t peak_memory = 0;
};

/// What is known about a task that failed: its last run, and the runs before where it was retried.
struct task_report : attempt_report
{
    std::string task;                     ///< The function's name, demangled.
    std::string label;                    ///< run_options::label.
    unsigned attempts = 0;                ///< How many times a worker began it, or may have.
    std::vector<attempt_report> earlier;  ///< The runs that were retried, the first one first.
};

/// A failure that tandem reports. `code()` is an errc; `what()` is readable as it is.
class task_error : public boost::system::system_error
{
public:
    task_error(boost::system::error_code code, const std::string& what, task_report report);
    task_error(boost::system::error_code code, const std::string& what);
    task_error(errc code, const std::string& what, task_report report);
    task_error(errc code, const std::string& what);

    const task_report& report() const noexcept { return *report_; }

private:
    std::shared_ptr<const task_report> report_; // copying an exception must not throw
};

/// What a task in a worker process threw, where its type cannot come back as itself. Types that can: those of the standard
/// library but for templates, such as std::bad_expected_access, and those of time zones; boost::system::system_error,
/// task_error, and what both sides registered by register_exception(). What the standard library or Boost makes of one
/// when it is thrown (by std::throw_with_nested, by a stream, by boost::throw_exception) counts as that one.
///
/// `what()` is the original's. Where that has none, as with `throw 42`, it is "an exception of type int: 42": the value is
/// told of numbers and texts.
///
/// What is nested (std::nested_exception) in a task's exception, of whatever type, is nested in what comes back, 16 levels
/// deep: std::rethrow_if_nested() finds it.
class remote_exception : public std::runtime_error
{
public:
    remote_exception(const std::string& type_name, const std::string& what);

    /// The original's type, demangled.
    const std::string& type_name() const noexcept { return *type_name_; }

private:
    std::shared_ptr<const std::string> type_name_;
};

} // namespace tandem

template <>
struct boost::system::is_error_code_enum<tandem::errc> : std::true_type
{
};

#endif
