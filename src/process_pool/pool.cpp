#include <process_pool/pool.hpp>

#include <io/asio.hpp>
#include <launch/program.hpp>
#include <process_pool/context_watch.hpp>
#include <process_pool/recording_file.hpp>
#include <task/late_task.hpp>
#include <tandem/cpu_count.hpp>
#include <worker/marker.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace tandem::detail {
namespace {

namespace asio = boost::asio;
using schedule::time_point;
using schedule::worker_id;

// Of a map's calls: so much work that what a message costs does not count, and so little that it is spread evenly.
constexpr std::chrono::microseconds worth_a_message{100};
constexpr std::size_t most_calls = 2048;
constexpr std::size_t small_result = 64 * 1024;

constexpr std::size_t smallest_limit = 4096;                           // errors must fit
constexpr std::size_t largest_message = (std::size_t{1} << 32) - 4096; // a frame's size has 32 bits
constexpr std::size_t largest_memory = std::size_t{1} << 44; // far below what an address space holds
constexpr std::size_t most_workers = std::size_t{1} << 22;   // Linux has no more process ids

// A program that limits its address space needs it for other things.
std::size_t fair_address_space(std::size_t workers)
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return largest_memory;
    return std::min<std::size_t>(limit.rlim_cur / 4 / (workers + 1), largest_memory);
}

// What cannot be meant is refused, and not moved to what can.
void check(const process_pool_options& options)
{
    const auto require = [](bool holds, const char* option, const auto& value, const char* rule) {
        if (!holds)
            throw std::invalid_argument("process_pool_options: " + std::string(option) + " is " + value + "; it must be " + rule);
    };
    const auto require_time = [&](std::chrono::nanoseconds time, const char* option) {
        require(time >= std::chrono::nanoseconds::zero(), option, std::to_string(time.count()) + " ns", "zero or more");
    };
    const std::string& program = options.worker.path;
    require(!program.empty() && program.find('\0') == std::string::npos, "worker", '"' + program + '"',
            "the path of a program, or tandem::launch::self()");
    require(options.workers <= most_workers, "workers", std::to_string(options.workers),
            "at most 4194304, or 0 for one for each processor");
    require(options.start_attempts >= 1, "start_attempts", "0", "at least 1");
    require(options.max_message_size >= smallest_limit && options.max_message_size <= largest_message, "max_message_size",
            std::to_string(options.max_message_size), "from 4096 (4 KiB) to 4294963200 (4 GiB - 4 KiB)");
    require(options.shared_memory <= largest_memory, "shared_memory", std::to_string(options.shared_memory),
            "at most 17592186044416 (16 TiB)");
    require_time(options.start_timeout, "start_timeout");
    require_time(options.start_backoff, "start_backoff");
    require_time(options.start_backoff_limit, "start_backoff_limit");
    require_time(options.retire.age, "retire.age");
    require_time(options.retire.idle, "retire.idle");
    require_time(options.limits.cpu_time, "limits.cpu_time");
    require_time(options.stop_timeout, "stop_timeout");
    if (options.initializer && options.initializer.arguments().size() > options.max_message_size)
        throw task_error(errc::message_too_large, "process_pool_options: the initializer's arguments have " +
                                                      std::to_string(options.initializer.arguments().size()) + " bytes");
}

process_pool_options settled(process_pool_options options)
{
    check(options);
    if (options.workers == 0)
        options.workers = usable_cpus();
    options.shared_memory = std::min(options.shared_memory, fair_address_space(options.workers)) / arena::granule * arena::granule;
    if (options.shared_memory < 2 * arena::granule)
        options.shared_memory = 0;
    return options;
}

// Without it, large values go through pipes.
std::shared_ptr<arena::argument_memory> make_argument_memory(const process_pool_options& options)
{
    try {
        return options.shared_memory != 0 ? std::make_shared<arena::argument_memory>(options.shared_memory) : nullptr;
    } catch (const std::exception&) {
        return nullptr;
    }
}

schedule::settings settings_of(const process_pool_options& options)
{
    return {.workers = options.workers,
            .start_timeout = options.start_timeout,
            .starts = {.attempts = options.start_attempts,
                       .backoff = options.start_backoff,
                       .backoff_limit = options.start_backoff_limit},
            .retire_tasks = options.retire.tasks,
            .retire_age = options.retire.age,
            .retire_memory = options.retire.resident_memory,
            .retire_idle = options.retire.idle,
            .processors = usable_cpus(),
            .most_sent = status::slot_count};
}

} // namespace

pool::pool(const asio::any_io_executor& executor, const process_pool_options& options, std::unique_ptr<io::loop> loop,
           std::unique_ptr<worker_launcher> launcher, std::shared_ptr<arena::argument_memory> arguments,
           std::unique_ptr<io::text_output> error_output, schedule::recording_sink recording, std::size_t output_room)
    : executor_(executor), loop_(std::move(loop)),
      state_(options, settings_of(options), *this, std::move(arguments), std::move(recording), loop_->now()),
      output_(options.output, std::move(error_output), output_room), relay_(state_, output_),
      timer_(*this, *loop_, [this](time_point now, completion_batch& completions) { pass_deadline(now, completions); }),
      output_retry_(*this, *loop_), watch_(state_, *this, *loop_, *this), starter_(state_, *this, *loop_, watch_, std::move(launcher)),
      poll_(state_, *this, *loop_,
            [this](worker_link& link, time_point now, completion_batch& completions) { frames_.take_results(link, now, completions); }),
      calls_(state_, *this, *loop_, poll_), frames_(state_, calls_, relay_, tasks_, starter_)
{
}

pool::~pool()
{
    close();
}

// --- events

bool pool::handle(completion_mode mode, event_ref event)
{
    completion_batch completions;
    {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return false;
        completions.use_room(spare_room_);
        try {
            react(mode, event, completions);
        } catch (...) {
            give_up(std::current_exception(), completions);
        }
    }
    deliver(mode, std::move(completions));
    return true;
}

void pool::react(completion_mode mode, event_ref event, completion_batch& completions)
{
    const auto now = loop_->now();
    event(now, completions);
    state_.scheduler.settle(now, state_.actions);
    perform(now, completions);
    look_at_suspects(now, completions);
    finish_waits(completions);
    if (mode == completion_mode::dispatch)
        calls_.flush_all(now);
    else
        calls_.flush_urgent(now);
    perform(now, completions); // a worker that cannot be written to is killed
    watch_.begin_waits();
    timer_.set(state_.scheduler.next_deadline(), watch_.is_on());
    if (!state_.has_work())
        watch_.turn_off_later();
}

bool pool::ask(function_ref<bool(time_point now)> question)
{
    const std::lock_guard lock(mutex_);
    return !closed_ && question(loop_->now());
}

void pool::look_at_end(const link_ptr& link, time_point now, completion_batch& completions)
{
    if (link->ended)
        return;
    link->ended = link->process->try_reap();
    if (link->ended)
        finish_worker(link, now, completions);
}

void pool::look_at_frames(const link_ptr& link, time_point now, completion_batch& completions)
{
    frames_.read(*link, now, completions);
}

void pool::look_at_log(const link_ptr& link)
{
    relay_.read(*link);
}

void pool::finish_worker(const link_ptr& link, time_point now, completion_batch& completions)
{
    if (!state_.links.contains(link->id))
        return;
    frames_.read_last(*link, now, completions);
    relay_.finish(*link);
    bool can_start_again = true;
    if (state_.scheduler.has_failed_to_start(link->id)) {
        ++state_.counts.start_failures;
        if (!link->failure_told)
            starter_.fail(ended_before_serving(*link, state_.options), completions);
        can_start_again = starter_.last_failure()->can_start_again;
    } else if (state_.scheduler.task_of(link->id)) {
        ++state_.counts.workers_died;
    }
    state_.scheduler.worker_gone(link->id, can_start_again, now, state_.actions);
    perform(now, completions); // while the link is there to report on
    if (link->large_results())
        state_.counts.shared_memory_full += link->large_results()->refused();
    state_.links.erase(link->id);
    watch_.remove(link);
    link->close();
}

// Nobody watches a worker that has been idle for a while: it may have ended, have closed its end, or have said what it should
// not. Then what it was to be sent waits until that has been told, and goes to another where it must.
bool pool::is_usable(const link_ptr& link, time_point now)
{
    if (link->is_watched)
        return true;
    if (!link->ended)
        link->ended = link->process->try_reap();
    const bool has_news = link->ended || link->frames.read_now() != asio::error::would_block ||
                          !link->frames.reader().unread().empty();
    if (has_news) {
        suspects_.push_back(link);
        state_.scheduler.take_back_unsent(link->id, now);
    } else {
        watch_.add(link);
    }
    return !has_news;
}

void pool::look_at_suspects(time_point now, completion_batch& completions)
{
    while (!suspects_.empty()) {
        for (const link_ptr& link : std::exchange(suspects_, {})) {
            if (!state_.links.contains(link->id)) // it was chosen twice
                continue;
            watch_.add(link);
            if (link->ended)
                finish_worker(link, now, completions);
            else
                frames_.read_held(*link, now, completions);
        }
        state_.scheduler.settle(now, state_.actions);
        perform(now, completions);
    }
}

// Where the context is late, a deadline may have passed before what is there was looked at: it is looked at first.
void pool::look_at_due_workers(time_point now, completion_batch& completions)
{
    for (const worker_id id : state_.scheduler.due_workers(now)) {
        const auto found = state_.links.find(id);
        if (found == state_.links.end())
            continue;
        const link_ptr link = found->second;
        watch_.add(link);
        if (link->frames.is_waiting_writable())
            calls_.flush_rest(link);
        look_at_end(link, now, completions);
        frames_.read_held(*link, now, completions);
    }
}

void pool::pass_deadline(time_point now, completion_batch& completions)
{
    // A worker rings in a while only, and what it does now may take longer than was thought.
    for (const link_ptr& link : watch_.watched())
        frames_.take_results(*link, now, completions);
    look_at_due_workers(now, completions);
    state_.scheduler.advance(now, state_.actions);
}

// --- what users ask

/// Why the task is not taken; errc() where it is. Both ways of submitting it ask. Not an optional, which would be returned
/// through memory.
errc pool::refusal_of(const task_operation& operation) const
{
    if (closed_ || state_.scheduler.closed())
        return errc::pool_closed;
    if (operation.arguments_size() > state_.options.max_message_size)
        return errc::message_too_large;
    return lateness_of(*operation.options).value_or(errc());
}

void pool::submit(task_operation* operation)
{
    if (submit_behind_others(*operation))
        return;
    operation_ptr owned(operation);
    std::exception_ptr failure;
    // Only this operation can complete in here: when it is refused.
    const auto refuse = [operation](errc code, completion_batch& completions) {
        const std::string what = code == errc::message_too_large
                                     ? "its arguments have " + std::to_string(operation->arguments_size()) + " bytes"
                                 : code == errc::pool_closed ? ""
                                                             : was_late;
        completions.add(operation, make_failure(code, what, report_of(*operation)));
    };
    const auto event = [&](time_point now, completion_batch& completions) {
        const errc refusal = refusal_of(*operation);
        try {
            if (refusal != errc())
                refuse(refusal, completions);
            else
                tasks_.admit(*operation);
        } catch (...) { // nothing is done yet
            failure = std::current_exception();
            return;
        }
        static_cast<void>(owned.release());
        if (refusal == errc())
            state_.scheduler.submit(*operation, now, state_.actions);
    };
    if (!handle(completion_mode::immediate, event)) {
        if (!has_context())
            return; // it is destroyed
        completion_batch completions;
        refuse(errc::pool_closed, completions);
        static_cast<void>(owned.release());
        deliver(completion_mode::immediate, std::move(completions));
    }
    if (failure)
        std::rethrow_exception(failure);
}

// The usual way of a task among many.
bool pool::submit_behind_others(task_operation& operation)
{
    const std::lock_guard lock(mutex_);
    if (refusal_of(operation) != errc())
        return false;
    try {
        tasks_.describe(operation);
        if (!state_.scheduler.may_submit_behind_others(operation))
            return false;
        tasks_.admit(operation);
    } catch (const std::exception&) { // the longer way tells
        return false;
    }
    try {
        state_.scheduler.submit_behind_others(operation);
    } catch (const std::exception&) {
        tasks_.forget(operation);
        return false;
    }
    try {
        if (!state_.scheduler.is_settled())
            calls_.flush_later();
    } catch (const std::exception&) { // with the next event: workers have tasks
    }
    return true;
}

void pool::cancel(std::uint64_t id, asio::cancellation_type type)
{
    using asio::cancellation_type;
    if (type == cancellation_type::none)
        return;
    const auto how = (type & cancellation_type::terminal) != cancellation_type::none  ? schedule::cancellation::terminal
                     : (type & cancellation_type::partial) != cancellation_type::none ? schedule::cancellation::partial
                                                                                      : schedule::cancellation::total;
    const auto event = [&](time_point now, completion_batch&) {
        if (task_operation* const operation = tasks_.find(id))
            state_.scheduler.cancel(*operation, how, now, state_.actions);
    };
    handle(completion_mode::post, event);
}

void pool::cancel_all()
{
    const auto event = [this](time_point now, completion_batch&) { state_.scheduler.cancel_all(now, state_.actions); };
    handle(completion_mode::post, event);
}

bool pool::cancel_unbegun(std::span<const std::uint64_t> ids)
{
    std::vector<task_operation*> tasks(ids.size());
    bool is_done = false;
    const auto event = [&](time_point now, completion_batch&) {
        std::ranges::transform(ids, tasks.begin(), [this](std::uint64_t id) { return tasks_.find(id); });
        // First all are taken back: a worker may begin one meanwhile, and then all stay in the queue.
        const auto withdraw = [&](task_operation* task) { return task && state_.scheduler.withdraw(*task, now); };
        is_done = std::all_of(tasks.rbegin(), tasks.rend(), withdraw);
        if (is_done)
            for (task_operation* const task : tasks)
                state_.scheduler.cancel(*task, schedule::cancellation::total, now, state_.actions);
    };
    handle(completion_mode::post, event);
    return is_done;
}

void pool::start(std::unique_ptr<wait_operation> operation)
{
    std::exception_ptr broken;
    std::exception_ptr failure;
    const auto event = [&](time_point now, completion_batch&) {
        if (state_.scheduler.closed())
            return;
        try {
            if (state_.scheduler.is_broken(now)) {
                broken = failed_start(*starter_.last_failure());
                return;
            }
            starter_.waits().add(std::move(operation));
        } catch (...) { // nothing is done yet
            failure = std::current_exception();
            return;
        }
        state_.scheduler.start_all(state_.actions);
    };
    handle(completion_mode::post, event);
    if (failure)
        std::rethrow_exception(failure);
    if (operation && has_context())
        operation->complete(completion_mode::immediate,
                            broken ? broken : std::make_exception_ptr(task_error(errc::pool_closed, "async_start")));
}

void pool::shutdown(const shutdown_options& ladder, std::unique_ptr<wait_operation> operation)
{
    std::exception_ptr failure;
    const auto event = [&](time_point now, completion_batch&) {
        try {
            shutdown_waits_.add(std::move(operation));
        } catch (...) { // nothing is done yet
            failure = std::current_exception();
            return;
        }
        state_.scheduler.shutdown(ladder, now, state_.actions);
    };
    handle(completion_mode::post, event);
    if (failure)
        std::rethrow_exception(failure);
    if (operation && has_context())
        operation->complete(completion_mode::immediate, nullptr);
}

std::uint32_t pool::calls_at_once(const task_entry& entry) const
{
    // Results that are small by themselves are to be so together.
    std::size_t most = std::min(state_.options.max_message_size / small_result, most_calls);
    if (const std::uint64_t tasks = state_.options.retire.tasks; tasks != 0)
        most = std::min<std::uint64_t>(most, tasks);
    const std::lock_guard lock(mutex_);
    const cost_estimate* const cost = tasks_.cost_of(entry);
    if (most < 2 || !cost || !cost->is_known())
        return 1;
    const auto each = std::max(cost->mean(), std::chrono::nanoseconds(1));
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(worth_a_message / each, 1, static_cast<std::int64_t>(most)));
}

process_pool_stats pool::stats() const
{
    const std::lock_guard lock(mutex_);
    process_pool_stats s = state_.counts;
    s.workers = state_.scheduler.workers();
    s.ready_workers = state_.scheduler.ready_workers();
    s.queued = state_.scheduler.queued();
    s.running = state_.scheduler.running();
    s.lines_dropped = output_.inherited().dropped();
    if (state_.arguments)
        s.shared_memory_full += state_.arguments->refused();
    for (const auto& [id, link] : state_.links)
        if (link->large_results())
            s.shared_memory_full += link->large_results()->refused();
    return s;
}

std::shared_ptr<process_pool_core> make_process_pool_core(const asio::any_io_executor& executor,
                                                          const process_pool_options& options)
{
    if (worker::awaits_service() || (launch::is_self(options.worker) && !worker::can_be_own_worker()))
        throw task_error(errc::worker_without_main, "process_pool");
    if (worker::depth() >= worker::max_depth)
        throw task_error(errc::nesting_too_deep, "process_pool at depth " + std::to_string(worker::depth()));
    registered_tasks(); // throws for two functions of one name
    const process_pool_options complete = settled(options);
    auto arguments = make_argument_memory(complete);
    auto launcher = make_process_launcher(executor, complete.worker, arguments.get());
    auto made = std::make_shared<pool>(executor, complete, std::make_unique<io::asio_loop>(executor), std::move(launcher),
                                       std::move(arguments), io::standard_error(), recording_in_file());
    watch_context(made, asio::query(executor, asio::execution::context));
    return made;
}

} // namespace tandem::detail
