// A pool of child processes that run tasks.
#ifndef TANDEM_PROCESS_POOL_HPP
#define TANDEM_PROCESS_POOL_HPP

#include <tandem/detail/canceller.hpp>
#include <tandem/detail/large_arguments.hpp>
#include <tandem/detail/process_call_check.hpp>
#include <tandem/detail/process_pool_core.hpp>
#include <tandem/detail/run_signature.hpp>
#include <tandem/run_options.hpp>
#include <tandem/task.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace tandem {

template <class Executor>
class basic_process_pool;

namespace detail {

/// For what is initiated when the pool's context is gone. Fails where the handler has an executor of its own. Else there is
/// nowhere to call it, and it is destroyed, as Asio destroys a context's handlers.
template <class... Values, class Handler>
void fail_without_context(Handler handler)
{
    const boost::asio::any_io_executor none;
    const auto target = boost::asio::get_associated_executor(handler, none);
    if constexpr (std::is_constructible_v<bool, decltype(target)>) { // it may be `none`
        if (!target)
            return;
    }
    if constexpr (boost::asio::can_require_v<std::decay_t<decltype(target)>, boost::asio::execution::blocking_t::never_t>) {
        auto error = std::make_exception_ptr(task_error(errc::pool_closed, "process_pool, whose execution context is gone"));
        boost::asio::post(target, completion<Handler, std::exception_ptr, Values...>(std::move(handler), std::move(error), Values()...));
    } // else, as with any_completion_handler, it would have to be called inside of the initiation
}

/// What Asio asks of an initiation: that it tells its executor. The pool must be there when it is called.
template <class Executor>
class process_pool_initiation
{
public:
    using executor_type = Executor;

    explicit process_pool_initiation(const basic_process_pool<Executor>& pool) : pool_(&pool) {}

    executor_type get_executor() const noexcept { return pool_->get_executor(); }

protected:
    /// Where there is the context.
    const Executor& executor() const noexcept { return *pool_->executor_; }
    const std::shared_ptr<process_pool_core>& core() const noexcept { return pool_->core_; }

private:
    const basic_process_pool<Executor>* pool_;
};

template <class Executor>
class initiate_process_run : public process_pool_initiation<Executor>
{
public:
    using process_pool_initiation<Executor>::process_pool_initiation;

    template <class Handler, auto F>
    void operator()(Handler&& handler, const bound_task<F>& work) const
    {
        if constexpr (sound_function<F>)
            run(std::forward<Handler>(handler), work, nullptr);
    }
    template <class Handler, auto F>
    void operator()(Handler&& handler, const bound_task<F>& work, const run_options& options) const
    {
        if constexpr (sound_function<F>)
            run(std::forward<Handler>(handler), work, &options);
    }

private:
    template <class Handler, auto F>
    void run(Handler&& handler, const bound_task<F>& work, const run_options* options) const;
};

template <class Executor>
class initiate_process_wait : public process_pool_initiation<Executor>
{
public:
    using process_pool_initiation<Executor>::process_pool_initiation;

    template <class Handler, class Start>
    void operator()(Handler&& handler, Start start) const
    {
        if (!this->core()->has_context())
            return fail_without_context(std::decay_t<Handler>(std::forward<Handler>(handler)));
        using operation = wait_operation_for<std::decay_t<Handler>, Executor>;
        start(*this->core(), std::make_unique<operation>(std::forward<Handler>(handler), this->executor()));
    }
};

} // namespace detail

/// Runs tasks in child processes, so that what computes neither holds up the program's threads nor can crash it.
///
/// A task goes to an idle worker at once; else it waits, and workers are started up to process_pool_options::workers. A
/// worker runs one task after the other. A worker that dies costs the task that it was running, and is replaced.
///
/// The pool has no thread of its own: it works on `executor`, of any kind, and does nothing that blocks there but
/// starting a process, about a millisecond. Handlers and the user's serialization of results run there unless the
/// handler has an executor of its own. While no task is queued or running, the pool does not keep the executor's
/// context from running out of work.
///
/// Thread-safe: all members may be called concurrently. The execution context may be destroyed before the pool, on any
/// executor, a strand included: the workers are killed then, and handlers are destroyed without being called, as always in
/// Asio. What is initiated after that fails with errc::pool_closed where its handler has an executor of its own; else the
/// handler is destroyed.
/// A pool whose workers are this very program, as by default, may be made after run_if_worker() only, and so may any pool in
/// a worker process, there to a depth of 3.
template <class Executor>
class basic_process_pool : detail::refused_process_runs
{
public:
    using executor_type = Executor;

    /// The pool rebound to another executor.
    template <class Other>
    struct rebind_executor
    {
        using other = basic_process_pool<Other>;
    };

    /// No process is started yet.
    /// Throws task_error: errc::worker_without_main where run_if_worker() was not called before and options.worker is
    /// launch::self(), or this is a worker; errc::nesting_too_deep, errc::duplicate_task, errc::message_too_large of the
    /// initializer's arguments. Throws std::invalid_argument where an option is out of its bounds.
    basic_process_pool(const Executor& executor, const process_pool_options& options)
        : core_(detail::make_process_pool_core(boost::asio::any_io_executor(executor), options))
    {
        auto kept = std::make_shared<const Executor>(executor);
        executor_ = kept.get();
        core_->keep(std::move(kept));
    }

    /// The same with default options.
    explicit basic_process_pool(const Executor& executor) : basic_process_pool(executor, process_pool_options()) {}

    /// The same on the executor of a context: an io_context, one of Asio's or tandem's thread_pools.
    template <class Context>
        requires std::is_convertible_v<Context&, boost::asio::execution_context&> &&
                 std::is_constructible_v<Executor, typename Context::executor_type>
    basic_process_pool(Context& context, const process_pool_options& options)
        : basic_process_pool(Executor(context.get_executor()), options)
    {
    }

    /// The same with default options.
    template <class Context>
        requires std::is_convertible_v<Context&, boost::asio::execution_context&> &&
                 std::is_constructible_v<Executor, typename Context::executor_type>
    explicit basic_process_pool(Context& context) : basic_process_pool(Executor(context.get_executor()))
    {
    }

    basic_process_pool(const basic_process_pool&) = delete;
    basic_process_pool& operator=(const basic_process_pool&) = delete;

    /// Asks what runs to stop, kills the workers that have not ended in process_pool_options::stop_timeout, and returns
    /// when none is left. Operations that have not completed do so with `operation_aborted`, in their handlers'
    /// executors.
    ~basic_process_pool() { core_->close(); }

    /// The context must be there. Where it is gone, an any_io_executor is empty.
    executor_type get_executor() const noexcept
    {
        if constexpr (std::is_same_v<Executor, boost::asio::any_io_executor>) {
            if (!core_->has_context())
                return {};
        }
        return *executor_;
    }

    /// The largest number of workers.
    std::size_t size() const noexcept { return core_->size(); }

    process_pool_stats stats() const { return core_->stats(); }

    /// Runs a task in a worker process.
    ///
    /// The arguments are encoded before the call returns, or with a lazy token such as deferred, when it is launched,
    /// to which time the pool must live; nothing of the caller's needs to live longer than that. `work` is a bound_task;
    /// one that is kept and run again is not copied. A task runs at most once unless options.retries says otherwise.
    ///
    /// Completion signature: `void(std::exception_ptr, R)`, or `void(std::exception_ptr)` where the task returns void.
    /// The handler runs in its associated executor, by default the pool's, and never inside of this call.
    ///
    /// Per-operation cancellation (by a slot whose signal is emitted where the handler runs, or by cancellable() from
    /// anywhere), while the task is queued: every type removes it, and it completes with
    /// `asio::error::operation_aborted`. `total` has no effect where the task has run and waits for its retry. While it
    /// is running: `total` has no effect; `partial` makes this_task::stop_requested() true, and the operation completes
    /// when the task does; `terminal` kills the worker with its process group, and the operation completes with
    /// `operation_aborted` when it is gone. Where several types are emitted at once, the strongest counts.
    ///
    /// Errors: what the task threw (see register_exception()); task_error with an errc for all else, and
    /// boost::system::system_error with `operation_aborted`.
    template <class Work, class Token = detail::default_token_t<Executor>>
        requires detail::is_bound_task<std::decay_t<Work>>
    auto async_run(Work&& work, const run_options& options, Token&& token = detail::default_token<Executor>())
    {
        return detail::initiate<Token, run_signature<Work>>(detail::initiate_process_run<Executor>(*this), token,
                                                            std::forward<Work>(work), options);
    }

    /// The same with default options.
    template <class Work, class Token = detail::default_token_t<Executor>>
        requires(detail::is_bound_task<std::decay_t<Work>> && !std::convertible_to<Token, run_options>)
    auto async_run(Work&& work, Token&& token = detail::default_token<Executor>())
    {
        return detail::initiate<Token, run_signature<Work>>(detail::initiate_process_run<Executor>(*this), token,
                                                            std::forward<Work>(work));
    }

    using detail::refused_process_runs::async_run;

    /// Starts workers up to size(), so that the first tasks find them ready.
    ///
    /// Completion signature: `void(std::exception_ptr)`, when all are ready, or with the task_error of the start that
    /// failed, or errc::pool_closed. Executor as in async_run. Cannot be cancelled.
    template <class Token = detail::default_token_t<Executor>>
    auto async_start(Token&& token = detail::default_token<Executor>())
    {
        return initiate_wait(
            [](detail::process_pool_core& core, std::unique_ptr<detail::wait_operation> operation) {
                core.start(std::move(operation));
            },
            token);
    }

    /// Ends the pool: new tasks fail with errc::pool_closed from now on. Begins at the rung ladder.mode, and climbs to
    /// the next one where a rung's time is over.
    ///
    /// Completion signature: `void(std::exception_ptr)`, when no worker is left, or with errc::shutdown_timeout where
    /// killed workers do not end. May be called again while it is under way: the stronger mode and the later call's
    /// times count. Executor as in async_run. Cannot be cancelled.
    template <class Token = detail::default_token_t<Executor>>
    auto async_shutdown(const shutdown_options& ladder, Token&& token = detail::default_token<Executor>())
    {
        return initiate_wait(
            [ladder](detail::process_pool_core& core, std::unique_ptr<detail::wait_operation> operation) {
                core.shutdown(ladder, std::move(operation));
            },
            token);
    }

    /// The same with the default times.
    template <class Token = detail::default_token_t<Executor>>
    auto async_shutdown(shutdown_mode mode, Token&& token = detail::default_token<Executor>())
    {
        return async_shutdown(shutdown_options{.mode = mode}, std::forward<Token>(token));
    }

    /// Cancels every task, as `terminal` cancellation of each would. The pool goes on.
    void cancel() { core_->cancel_all(); }

private:
    friend class detail::process_pool_initiation<Executor>;

    template <class Work>
    using run_signature = typename detail::run_signature<typename std::decay_t<Work>::result_type>::type;

    template <class Start, class Token>
    auto initiate_wait(Start start, Token& token)
    {
        return detail::initiate<Token, void(std::exception_ptr)>(detail::initiate_process_wait<Executor>(*this), token,
                                                                 start);
    }

    std::shared_ptr<detail::process_pool_core> core_;
    const Executor* executor_; // the core keeps it, as long as there is the context
};

/// The pool on any executor.
using process_pool = basic_process_pool<boost::asio::any_io_executor>;

namespace detail {

template <class Executor>
template <class Handler, auto F>
void initiate_process_run<Executor>::run(Handler&& handler, const bound_task<F>& work, const run_options* options) const
{
    using task_type = bound_task<F>;
    using handler_type = std::decay_t<Handler>;
    using operation_type =
        task_operation_for<typename task_type::result_type, message_storage<task_type::is_flat, task_type::flat_size>,
                           handler_type, Executor>;

    process_pool_core& core = *this->core();
    handler_type owned(std::forward<Handler>(handler));
    if (!core.has_context()) {
        if constexpr (std::is_void_v<typename task_type::result_type>)
            return fail_without_context(std::move(owned));
        else
            return fail_without_context<typename task_type::result_type>(std::move(owned));
    }
    auto* const operation = allocate_operation<operation_type>(owned, this->executor(), task_type::entry());
    std::unique_ptr<task_operation, operation_destroyer> guard(operation);
    if (options)
        operation->set(*options);
    const auto refuse = [&](errc code, const std::string& what) {
        auto failure = operation->codec_failure(code, what);
        static_cast<void>(guard.release());
        operation->complete(completion_mode::immediate, this->executor(), {std::move(failure), {}});
    };
    if constexpr (task_type::is_flat) {
        work.put_arguments(operation->encoded.data() + message_head_size);
    } else {
        try {
            operation->encoded.reserve(usual_message_size); // one allocation
            operation->encoded.resize(message_head_size);
            std::unique_ptr<large_writer> runs;
            large_arguments large(core, runs);
            work.encode_arguments(operation->encoded, &large);
            if (runs)
                operation->set_large(std::move(runs));
        } catch (const over_limit& e) {
            return refuse(errc::message_too_large, std::string("an argument ") + e.what());
        } catch (...) {
            return refuse(errc::encode_failed, "its arguments: " + what_was_thrown());
        }
    }
    operation->message = operation->encoded;
    if (wants_cancellation(operation->handler())) {
        operation->id = core.next_id();
        operation->cancellable = connect_canceller(operation->handler(), this->core(), operation->id);
    }
    core.submit(guard.release());
}

} // namespace detail
} // namespace tandem

#endif
