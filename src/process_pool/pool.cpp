#include <process_pool/pool.hpp>

#include <process_pool/context_watch.hpp>
#include <tandem/cpu_count.hpp>
#include <worker/marker.hpp>

#include <boost/asio/post.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace tandem::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using schedule::action;
using schedule::time_point;
using schedule::worker_id;

// Of a map's calls: so much work that what a message costs does not count, and so little that it is spread evenly.
constexpr std::chrono::microseconds worth_a_message{100};
constexpr std::size_t most_calls = 2048;
constexpr std::size_t small_result = 64 * 1024;

constexpr std::size_t smallest_limit = 4096;                           // errors must fit
constexpr std::size_t largest_message = (std::size_t{1} << 32) - 4096; // a frame's size has 32 bits
constexpr std::size_t largest_memory = std::size_t{1} << 44; // far below what an address space holds

// A program that limits its address space needs it for other things.
std::size_t fair_address_space(std::size_t workers)
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return largest_memory;
    return std::min<std::size_t>(limit.rlim_cur / 4 / (workers + 1), largest_memory);
}

process_pool_options checked(process_pool_options options)
{
    if (options.workers == 0)
        options.workers = usable_cpus();
    options.max_message_size = std::clamp(options.max_message_size, smallest_limit, largest_message);
    options.start_attempts = std::max(options.start_attempts, 1U);
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
    schedule::settings s{.workers = options.workers,
                         .start_timeout = options.start_timeout,
                         .starts = {.attempts = options.start_attempts,
                                    .backoff = options.start_backoff,
                                    .backoff_limit = options.start_backoff_limit},
                         .retire_tasks = options.retire.tasks,
                         .retire_age = options.retire.age,
                         .retire_memory = options.retire.resident_memory,
                         .retire_idle = options.retire.idle,
                         .most_sent = status::slot_count};
    if (options.output.function())
        s.sent_ahead = std::chrono::nanoseconds::zero(); // so that it is known which task printed a line
    return s;
}

} // namespace

pool::pool(const asio::any_io_executor& executor, const process_pool_options& options)
    : executor_(executor), options_(checked(options)), arguments_(make_argument_memory(options_)), output_(options_.output),
      scheduler_(settings_of(options_), *this), timer_(std::in_place, executor)
{
}

pool::~pool()
{
    close();
}

// --- what users ask

void pool::submit(task_operation* operation)
{
    if (submit_behind_others(*operation))
        return;
    // Only this operation can complete in here: when it is refused.
    const auto refuse = [](task_operation& refused, errc code, const std::string& what, aftermath& after) {
        after.add(&refused, make_failure(code, what, report_of(refused)));
    };
    const bool open = handle(completion_mode::immediate, [&](time_point now, aftermath& after) {
        const std::size_t size = operation->arguments_size();
        if (scheduler_.closed())
            return refuse(*operation, errc::pool_closed, "", after);
        if (size > options_.max_message_size)
            return refuse(*operation, errc::message_too_large, "its arguments have " + std::to_string(size) + " bytes",
                          after);
        if (!watching_)
            find_dead_idle_workers(now, after);
        admit(*operation);
        scheduler_.submit(*operation, now, actions_);
    });
    if (!open) {
        aftermath after;
        refuse(*operation, errc::pool_closed, "", after);
        deliver(completion_mode::immediate, std::move(after));
    }
}

// The usual way of a task among many.
bool pool::submit_behind_others(task_operation& operation)
{
    const std::lock_guard lock(mutex_);
    if (closed_ || operation.message.size() - message_head_size > options_.max_message_size ||
        !scheduler_.submit_behind_others(operation))
        return false;
    admit(operation);
    return true;
}

void pool::admit(task_operation& operation)
{
    if (operation.cancellable)
        cancellable_.emplace(operation.id, &operation);
    if (std::exchange(last_admitted_, operation.entry) != operation.entry)
        last_cost_ = &costs_[operation.entry];
    operation.cost = last_cost_;
    operation.bytes = static_cast<std::uint32_t>(operation.message.size()); // largest_message has fewer bits
}

void pool::forget(const task_operation& operation)
{
    if (operation.cancellable)
        cancellable_.erase(operation.id);
}

void pool::cancel(std::uint64_t id, asio::cancellation_type type)
{
    using asio::cancellation_type;
    if (type == cancellation_type::none)
        return;
    const auto how = (type & cancellation_type::terminal) != cancellation_type::none  ? schedule::cancellation::terminal
                     : (type & cancellation_type::partial) != cancellation_type::none ? schedule::cancellation::partial
                                                                                      : schedule::cancellation::total;
    handle(completion_mode::post, [this, id, how](time_point now, aftermath&) {
        if (const auto it = cancellable_.find(id); it != cancellable_.end())
            scheduler_.cancel(*it->second, how, now, actions_);
    });
}

void pool::cancel_all()
{
    handle(completion_mode::post, [this](time_point now, aftermath&) { scheduler_.cancel_all(now, actions_); });
}

void pool::start(std::unique_ptr<wait_operation> operation)
{
    std::exception_ptr broken;
    handle(completion_mode::post, [&](time_point now, aftermath&) {
        if (scheduler_.closed())
            return;
        if (scheduler_.is_broken(now)) {
            broken = failed_start(last_start_failure_);
            return;
        }
        start_waits_.push_back(std::move(operation));
        scheduler_.start_all(actions_);
    });
    if (operation)
        operation->complete(completion_mode::immediate,
                            broken ? broken : std::make_exception_ptr(task_error(errc::pool_closed, "async_start")));
}

void pool::shutdown(const shutdown_options& ladder, std::unique_ptr<wait_operation> operation)
{
    handle(completion_mode::post, [&](time_point now, aftermath&) {
        shutdown_waits_.push_back(std::move(operation));
        scheduler_.shutdown(ladder, now, actions_);
    });
    if (operation)
        operation->complete(completion_mode::immediate, nullptr);
}

std::uint32_t pool::calls_at_once(const task_entry& entry, const run_options& options) const
{
    // What is counted, limited or told for each task is only known of those that travel alone.
    constexpr std::chrono::nanoseconds none{0};
    const bool alone = options.run_timeout > none || options.queue_timeout > none || options.retries != 0 ||
                       options_.retire.tasks != 0 || options_.limits.cpu_time > none || output_.wants_tasks();
    // Results that are small by themselves are to be so together.
    const auto most = static_cast<std::int64_t>(std::min(options_.max_message_size / small_result, most_calls));
    const std::lock_guard lock(mutex_);
    const auto cost = costs_.find(&entry);
    if (alone || most < 2 || cost == costs_.end() || !cost->second.is_known())
        return 1;
    const auto each = std::max(cost->second.mean(), std::chrono::nanoseconds(1));
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(worth_a_message / each, 1, most));
}

process_pool_stats pool::stats() const
{
    const std::lock_guard lock(mutex_);
    process_pool_stats s = counts_;
    s.workers = scheduler_.workers();
    s.ready_workers = scheduler_.ready_workers();
    s.queued = scheduler_.queued();
    s.running = scheduler_.running();
    if (arguments_)
        s.shared_memory_full += arguments_->refused();
    for (const auto& [id, link] : links_)
        if (link->large_results())
            s.shared_memory_full += link->large_results()->refused();
    return s;
}

// --- the scheduler's actions

void pool::perform(aftermath& after)
{
    const link_ptr* target = nullptr; // many are sent to one worker
    for (std::size_t i = 0; i < actions_.size(); ++i) { // grows on the way
        const action a = actions_[i];
        switch (a.what) {
        case action::kind::start_worker:
            post_launch(a.worker);
            break;
        case action::kind::send:
            if (is_void(a))
                break;
            if (!target || (*target)->id != a.worker)
                target = &links_.at(a.worker);
            send(a, *target, after);
            break;
        case action::kind::ask_to_stop:
            links_.at(a.worker)->ask_to_stop(operation_of(*a.subject));
            break;
        case action::kind::retire:
            count_retirement(a.reason);
            links_.at(a.worker)->let_go();
            break;
        case action::kind::kill:
            kill(a.worker);
            break;
        case action::kind::retry:
            retry(a);
            break;
        case action::kind::complete:
            complete(a, after);
            break;
        }
    }
    actions_.clear();
}

// What happened after the scheduler sent it, and before this was performed, may have undone it.
bool pool::is_void(const action& send)
{
    const auto& operation = operation_of(*send.subject);
    return operation.state != schedule::task::phase::sent || operation.worker != send.worker ||
           operation.slot != task_operation::no_slot;
}

void pool::send(const action& a, const link_ptr& link, aftermath& after)
{
    auto& operation = operation_of(*a.subject);
    if (!link->knows(*operation.entry)) {
        refuse(operation, after);
        return;
    }
    link->append_call(operation);
    if (!operation.previous) // the worker has nothing else
        link->is_urgent = true;
    if (!std::exchange(link->is_unflushed, true))
        unflushed_.push_back(link);
}

void pool::refuse(task_operation& operation, aftermath& after)
{
    after.add(&operation,
              make_failure(errc::unknown_task, '"' + launch::name_of(options_.worker) + '"', report_of(operation)));
    ++counts_.failed;
    forget(operation);
    scheduler_.task_refused(operation, std::chrono::steady_clock::now(), actions_);
}

bool pool::revoke(schedule::task& t)
{
    auto& operation = operation_of(t);
    if (operation.slot == task_operation::no_slot)
        return true; // the action that sends it is not performed yet, and will find it gone
    worker_link& link = *links_.at(t.worker);
    if (!link.slot_of(operation).revoke(operation.call))
        return false;
    link.take_back_call(operation);
    return true;
}

schedule::task* pool::split(schedule::task& t)
{
    auto& operation = operation_of(t);
    if (operation.slot == task_operation::no_slot)
        return nullptr;
    const std::uint32_t begun = links_.at(t.worker)->slot_of(operation).close_items();
    if (begun >= operation.items)
        return nullptr;
    task_operation* const rest = operation.split(begun);
    admit(*rest);
    return rest;
}

std::optional<time_point> pool::ended(const schedule::task& t) const
{
    const auto& operation = operation_of(t);
    if (operation.slot == task_operation::no_slot)
        return std::nullopt;
    worker_link& link = *links_.at(t.worker);
    const auto end = link.slot_of(operation).ended(operation.call);
    return end ? std::optional(std::max(*end, link.heard)) : std::nullopt; // a large outcome takes a while to come
}

std::optional<time_point> pool::begun(const schedule::task& t) const
{
    const auto& operation = operation_of(t);
    if (operation.slot == task_operation::no_slot)
        return std::nullopt;
    return links_.at(t.worker)->slot_of(operation).begun(operation.call);
}

void pool::kill(worker_id id)
{
    // A worker that has not been launched yet is not in links_: launch() finds it unwanted.
    const auto it = links_.find(id);
    if (it == links_.end())
        return;
    worker_link& link = *it->second;
    if (link.fault.empty() && link.at == worker_link::stage::started)
        link.fault = "did not say hello in time";
    else if (link.fault.empty() && link.at == worker_link::stage::greeted)
        link.fault = "was not ready in time";
    else if (link.fault.empty() && link.silent)
        link.fault = "closed its end of the protocol";
    link.process.kill_group();
}

void pool::retry(const action& a)
{
    auto& operation = operation_of(*a.subject);
    ++counts_.retried;
    operation.add_earlier(
        describe_attempt(operation, *links_.at(a.worker), a.why == schedule::outcome::run_timeout, options_.limits));
    operation.slot = task_operation::no_slot;
}

void pool::complete(const action& a, aftermath& after)
{
    auto& operation = operation_of(*a.subject);
    forget(operation);
    ++counts_.failed;
    after.add(&operation, failure_of(operation, a));
}

std::exception_ptr pool::failure_of(const task_operation& operation, const action& a) const
{
    switch (a.why) {
    case schedule::outcome::aborted:
        break;
    case schedule::outcome::queue_timeout:
        return make_failure(errc::queue_timeout, "", report_of(operation));
    case schedule::outcome::start_failed:
        return failed_start(operation, last_start_failure_);
    case schedule::outcome::run_timeout:
    case schedule::outcome::worker_died:
        worker_link& link = *links_.at(a.worker);
        const bool timed_out = a.why == schedule::outcome::run_timeout;
        return failed_attempt(operation, describe_attempt(operation, link, timed_out, options_.limits), link.fault,
                              options_.limits);
    }
    return operation_aborted();
}

void pool::count_retirement(schedule::retirement_reason reason) noexcept
{
    using schedule::retirement_reason;
    switch (reason) {
    case retirement_reason::tasks:
        ++counts_.retired.tasks;
        break;
    case retirement_reason::age:
        ++counts_.retired.age;
        break;
    case retirement_reason::resident_memory:
        ++counts_.retired.resident_memory;
        break;
    case retirement_reason::idle:
        ++counts_.retired.idle;
        break;
    case retirement_reason::none:
    case retirement_reason::shutdown:
        break;
    }
}

void pool::finish_waits(aftermath& after)
{
    if (!start_waits_.empty() && !scheduler_.is_starting_all()) {
        for (auto& wait : start_waits_)
            after.waits.emplace_back(std::move(wait), scheduler_.closed() ? operation_aborted() : nullptr);
        start_waits_.clear();
    }
    const bool ended = scheduler_.workers() == 0 && scheduler_.queued() == 0;
    if (!shutdown_waits_.empty() && (ended || scheduler_.is_overdue())) {
        const auto error =
            ended ? nullptr : std::make_exception_ptr(task_error(errc::shutdown_timeout, "async_shutdown"));
        for (auto& wait : shutdown_waits_)
            after.waits.emplace_back(std::move(wait), error);
        shutdown_waits_.clear();
    }
}

void pool::set_timer()
{
    const time_point next = scheduler_.next_deadline();
    if (next == time_point::max() && !watching_) {
        if (timer_set_for_ != next)
            timer_->cancel();
        timer_set_for_ = next;
        return;
    }
    if (next >= timer_set_for_)
        return; // it comes too early and looks again: cheaper than setting it anew for each task
    timer_set_for_ = next;
    timer_->expires_at(next);
    timer_->async_wait([self = shared_from_this()](const error_code& error) {
        if (error)
            return; // it was set anew
        self->handle(completion_mode::dispatch, [&self](time_point now, aftermath& after) {
            self->timer_set_for_ = time_point::max();
            self->take_untold_results(now, after);
            self->look_at_due_workers(now, after);
            self->scheduler_.advance(now, self->actions_);
        });
    });
}

std::shared_ptr<process_pool_core> make_process_pool_core(const asio::any_io_executor& executor,
                                                          const process_pool_options& options)
{
    if (worker::awaits_service())
        throw task_error(errc::worker_without_main, "process_pool");
    if (worker::depth() >= worker::max_depth)
        throw task_error(errc::nesting_too_deep, "process_pool at depth " + std::to_string(worker::depth()));
    registered_tasks(); // throws for two functions of one name
    auto made = std::make_shared<pool>(executor, options);
    watch_context(made, asio::query(executor, asio::execution::context));
    return made;
}

} // namespace tandem::detail
