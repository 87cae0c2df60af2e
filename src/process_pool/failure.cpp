#include <process_pool/failure.hpp>

#include <launch/program.hpp>

#include <boost/asio/error.hpp>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace tandem::detail {
namespace {

std::string last_line(std::string text)
{
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

std::string with_last_line(std::string what, const std::string& log_tail)
{
    const std::string line = last_line(log_tail);
    return line.empty() ? what : std::move(what) + "; the last it printed: \"" + line + '"';
}

// "exited with code 7", "was killed by signal 9 (Killed)".
std::string describe(std::optional<int> exit_code, std::optional<int> signal, bool core_dumped)
{
    if (exit_code)
        return "exited with code " + std::to_string(*exit_code);
    if (signal)
        return "was killed by signal " + std::to_string(*signal) + " (" + ::strsignal(*signal) + ")" +
               (core_dumped ? ", core dumped" : "");
    return "ended; how is not known, since its end was collected by other code of this program";
}

// What is known of a worker, whatever it was doing.
attempt_report describe_process(const worker_link& link)
{
    attempt_report attempt;
    attempt.pid = link.process->pid();
    attempt.worker = link.id;
    attempt.stderr_tail = link.log.tail();
    attempt.lines_dropped = link.lines_dropped;
    if (link.ended) {
        attempt.exit_code = link.ended->exit_code;
        attempt.signal = link.ended->signal;
        attempt.core_dumped = link.ended->core_dumped;
        attempt.cpu_time = link.ended->cpu_time;
        attempt.peak_memory = link.ended->peak_memory;
        auto crash = worker::read_crash(link.page().crash);
        attempt.stack_trace = std::move(crash.stack_trace);
        attempt.stack_overflow = crash.stack_overflow;
    }
    return attempt;
}

// The innermost function of a stack trace, without its number.
std::string place_of_crash(const std::string& trace)
{
    const std::string line = trace.substr(0, trace.find('\n'));
    return line.substr(line.find(' ') + 1);
}

} // namespace

start_failure not_started(const launch::target& program, const launch::start_error& error)
{
    namespace errc_of = boost::system::errc;
    const auto& cause = error.code();
    const bool passing = cause == errc_of::resource_unavailable_try_again || cause == errc_of::not_enough_memory ||
                         cause == errc_of::too_many_files_open || cause == errc_of::too_many_files_open_in_system ||
                         cause == errc_of::no_space_on_device; // of epoll, and of files in memory
    return {errc::start_failed, "\"" + launch::name_of(program) + "\": " + error.what(), passing};
}

start_failure ended_before_serving(const worker_link& link, const process_pool_options& options)
{
    using stage = worker_link::stage;
    const io::exit_status& status = *link.ended;
    std::string how = link.fault;
    if (link.page().over_memory_limit.load(std::memory_order_acquire) != 0)
        how = "took more memory than process_pool_options::limits allows";
    errc code = link.fault_is_ours ? errc::start_failed : errc::not_a_worker;
    bool passing = status.signal.has_value() && (link.fault.empty() || link.fault_is_ours);
    if (how.empty())
        how = describe(status.exit_code, status.signal, status.core_dumped);
    if (link.wrong_version) {
        code = errc::version_mismatch;
    } else if (link.at == stage::started) {
        how += link.fault.empty() ? " before it said hello" : "";
    } else {
        const bool initializes = link.at == stage::greeted && options.initializer;
        code = initializes ? errc::initializer_failed : errc::start_failed;
        how += initializes               ? " while it ran " + options.initializer.entry().name()
               : link.at == stage::ready ? " before it began a task"
                                         : " before it was ready";
        passing = true;
    }
    return {code, with_last_line("\"" + launch::name_of(options.worker) + "\" " + how, link.log.tail()), passing,
            describe_process(link)};
}

start_failure threw_in_initializer(const worker_link& link, const worker_initializer& initializer,
                                   std::span<const std::byte> payload)
{
    std::string what;
    try {
        std::rethrow_exception(decode_exception(payload));
    } catch (const std::exception& e) {
        what = e.what();
    } catch (...) {
        what = "an exception of unknown type";
    }
    return {errc::initializer_failed, initializer.entry().name() + ": " + what, true, describe_process(link)};
}

task_report report_of(const task_operation& operation)
{
    task_report report;
    report.task = operation.entry->name();
    report.label = operation.options->label.view();
    report.attempts = operation.attempts;
    report.earlier = operation.earlier();
    return report;
}

std::exception_ptr failed_start(const task_operation& operation, const start_failure& failure)
{
    task_report report = report_of(operation);
    static_cast<attempt_report&>(report) = failure.attempt;
    return make_failure(failure.code, failure.cause, std::move(report));
}

std::exception_ptr failed_start(const start_failure& failure)
{
    task_report report;
    static_cast<attempt_report&>(report) = failure.attempt;
    report.code = failure.code;
    return std::make_exception_ptr(task_error(failure.code, failure.cause, std::move(report)));
}

std::exception_ptr unrun_failures::failure_of(const task_operation& operation, schedule::outcome why, const start_failure* start)
{
    if (why == schedule::outcome::aborted)
        return operation_aborted();
    const auto make = [&] {
        return why == schedule::outcome::start_failed ? failed_start(operation, *start)
                                                      : make_failure(errc::queue_timeout, "", report_of(operation));
    };
    if (operation.attempts != 0) // each has its own to tell of
        return make();
    const task_label& label = operation.options->label;
    if (!failure_ || entry_ != operation.entry || why_ != why || label_ != label) {
        failure_ = make();
        entry_ = operation.entry;
        label_ = label;
        why_ = why;
    }
    return failure_;
}

std::exception_ptr make_failure(const boost::system::error_code& code, const std::string& what, task_report report)
{
    report.code = code;
    std::string head = "task " + report.task;
    if (!report.label.empty())
        head += " (" + report.label + ")";
    if (!what.empty())
        head += ": " + what;
    return std::make_exception_ptr(task_error(code, head, std::move(report)));
}

attempt_report describe_attempt(const task_operation& operation, worker_link& link, bool timed_out,
                                const worker_limits& limits)
{
    attempt_report attempt = describe_process(link);
    const status::status_page& page = link.page();
    const auto now = std::chrono::steady_clock::now();
    auto took = operation.took();
    if (operation.slot != task_operation::no_slot)
        if (const auto begun = link.slot_of(operation).begun(operation.call); begun && *begun < now)
            took = now - *begun;
    attempt.run_time = std::chrono::duration_cast<std::chrono::microseconds>(took);
    if (link.ended) {
        const std::chrono::nanoseconds before(page.cpu_time.load(std::memory_order_relaxed));
        attempt.cpu_time =
            std::clamp(link.ended->cpu_time - std::chrono::duration_cast<std::chrono::microseconds>(before),
                       std::chrono::microseconds(0), link.ended->cpu_time);
    }
    if (timed_out)
        attempt.code = errc::run_timeout;
    else if (page.over_memory_limit.load(std::memory_order_acquire) != 0)
        attempt.code = errc::memory_limit;
    else if (attempt.signal == SIGXCPU && limits.cpu_time > std::chrono::nanoseconds::zero())
        attempt.code = errc::cpu_limit;
    else
        attempt.code = errc::worker_died;
    return attempt;
}

std::exception_ptr failed_attempt(const task_operation& operation, attempt_report attempt, const std::string& fault,
                                  const worker_limits& limits)
{
    task_report report = report_of(operation);
    static_cast<attempt_report&>(report) = std::move(attempt);
    std::string what = "worker " + std::to_string(report.pid) + ' ';
    if (!fault.empty())
        what += fault;
    else if (report.code == errc::run_timeout && !report.exit_code && !report.signal)
        what += "was asked to stop and did";
    else
        what += describe(report.exit_code, report.signal, report.core_dumped);
    if (report.code == errc::memory_limit)
        what += " for having more than " + std::to_string(limits.resident_memory) + " bytes in RAM";
    if (report.attempts > 1)
        what += " in attempt " + std::to_string(report.attempts);
    if (report.stack_overflow)
        what += "; its stack was full";
    if (!report.stack_trace.empty())
        what += "; crashed in " + place_of_crash(report.stack_trace);
    what = with_last_line(std::move(what), report.stderr_tail);
    const auto code = report.code;
    return make_failure(code, what, std::move(report));
}

std::exception_ptr decode_failure(const task_operation& operation, int pid, std::span<const std::byte> payload)
{
    const std::exception_ptr error = decode_exception(payload);
    try {
        std::rethrow_exception(error);
    } catch (const task_error& e) {
        const auto& code = e.code();
        if (code != errc::decode_failed && code != errc::encode_failed && code != errc::unknown_task &&
            code != errc::message_too_large && code != errc::memory_limit)
            return error; // of a pool that the task itself used
        std::string what = e.what();
        if (const auto at = what.rfind(": " + code.what()); at != std::string::npos)
            what.resize(at);
        task_report report = report_of(operation);
        report.pid = pid;
        return make_failure(code, what, std::move(report));
    } catch (...) {
        return error;
    }
}

} // namespace tandem::detail
