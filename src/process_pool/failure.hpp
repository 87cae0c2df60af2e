// The sentences of the pool's errors, and their reports.
#ifndef TANDEM_PROCESS_POOL_FAILURE_HPP
#define TANDEM_PROCESS_POOL_FAILURE_HPP

#include <launch/start_error.hpp>
#include <process_pool/worker_link.hpp>
#include <schedule/scheduler.hpp>
#include <tandem/detail/operation_aborted.hpp>
#include <tandem/detail/task_operation.hpp>
#include <tandem/process_pool_options.hpp>

#include <exception>
#include <string>

namespace tandem::detail {

/// Why no worker could be had.
struct start_failure
{
    boost::system::error_code code; ///< an errc
    std::string cause;
    bool can_start_again = false;
    attempt_report attempt{}; ///< where there was a process
};

/// The program could not be executed.
start_failure not_started(const launch::target& program, const launch::start_error& error);

/// It was, but ended before it ran a task.
start_failure ended_before_serving(const worker_link& link, const process_pool_options& options);

/// What its initializer threw.
start_failure threw_in_initializer(const worker_link& link, const worker_initializer& initializer,
                                   std::span<const std::byte> payload);

task_report report_of(const task_operation& operation);

/// For a task that waited for a worker, or might have.
std::exception_ptr failed_start(const task_operation& operation, const start_failure& failure);

/// For whoever started workers ahead.
std::exception_ptr failed_start(const start_failure& failure);

std::exception_ptr make_failure(const boost::system::error_code& code, const std::string& what, task_report report);

/// The errors of tasks that ended while they waited. There may be many in a row that say the same: they have the same one.
class unrun_failures
{
public:
    /// `start`: why none could be started, where that is the reason.
    std::exception_ptr failure_of(const task_operation& operation, schedule::outcome why, const start_failure* start);

private:
    const task_entry* entry_ = nullptr; // of the last one
    task_label label_;
    schedule::outcome why_ = schedule::outcome::aborted;
    std::exception_ptr failure_;
};

/// What is known about a run that ended with its worker, or by its time-out.
attempt_report describe_attempt(const task_operation& operation, worker_link& link, bool timed_out,
                                const worker_limits& limits);

/// For a task that is given up after such a run.
std::exception_ptr failed_attempt(const task_operation& operation, attempt_report attempt, const std::string& fault,
                                  const worker_limits& limits);

/// What a worker says of a task. Adds the report where it was tandem that failed there.
std::exception_ptr decode_failure(const task_operation& operation, int pid, std::span<const std::byte> payload);

} // namespace tandem::detail

#endif
