// A pool of threads that run callables, coroutines and tasks.
#ifndef TANDEM_THREAD_POOL_HPP
#define TANDEM_THREAD_POOL_HPP

#include <tandem/detail/context_threads.hpp>
#include <tandem/detail/plain_work.hpp>
#include <tandem/detail/run_signature.hpp>
#include <tandem/detail/thread_call_check.hpp>
#include <tandem/detail/thread_work.hpp>
#include <tandem/run_options.hpp>
#include <tandem/task.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tandem {

/// A snapshot of a thread pool.
struct thread_pool_stats
{
    std::size_t threads = 0;
    std::size_t queued = 0;       ///< of async_run, waiting for a thread
    std::size_t running = 0;      ///< of async_run, running now
    std::uint64_t completed = 0;  ///< of async_run, completed since the pool was made; of async_map, parts
};

/// Runs what waits, and what must share memory: callables, coroutines, and the tasks that a process_pool runs, with the
/// same signatures. Its executor is an ordinary one for everything else in Asio.
///
/// Thread-safe: all members but the destructor may be called concurrently.
class thread_pool : detail::refused_thread_runs
{
public:
    using executor_type = boost::asio::thread_pool::executor_type;

    /// Starts `threads` threads; 0 stands for usable_cpus(). They inherit what the kernel keeps for the calling thread: the
    /// processors that it may run on, its scheduling policy and niceness. Throws std::invalid_argument for more threads than
    /// a system can have (4,194,304), boost::system::system_error where this one has no more.
    explicit thread_pool(std::size_t threads = 0)
        : size_(detail::thread_count(threads)), threads_(size_), queue_(detail::make_work_queue(get_executor()))
    {
    }

    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    /// stop(), then join(), where coroutines have 100 ms: one that has not ended by then completes with `operation_aborted`,
    /// and is destroyed with what it waits for. That must be of this pool's executor, or be destroyed before. Work that is no
    /// coroutine is waited for. Not to be called in one of the threads.
    ~thread_pool()
    {
        constexpr std::chrono::milliseconds patience{100};
        stop();
        queue_->end_coroutines(patience);
        join();
        queue_->join();
    }

    executor_type get_executor() noexcept { return threads_.context().get_executor(); }

    /// So that the pool is taken where Asio takes an execution context: by co_spawn, post, timers, sockets, strands, and by
    /// a process_pool.
    operator boost::asio::execution_context&() noexcept { return threads_.context(); }

    std::size_t size() const noexcept { return size_; }

    /// Runs `work` on a thread of the pool. `work` is a bound_task; a callable without parameters; one that takes a
    /// std::stop_token; or one of these that returns an `asio::awaitable`, which is spawned on a strand of the pool.
    /// `work` is moved or copied into the operation, and destroyed before the handler runs.
    ///
    /// Completion signature: `void(std::exception_ptr, R)`, or `void(std::exception_ptr)` where the work's result is
    /// void. The handler runs in its associated executor, by default the pool's, and never inside of this call.
    ///
    /// Per-operation cancellation (by a slot whose signal is emitted where the handler runs, or by cancellable() from
    /// anywhere), while the work is queued: every type removes it, and it completes with
    /// `asio::error::operation_aborted`. While it is running: `total` has no effect; `partial` and `terminal` trigger
    /// this_task::stop_token(), and the operation completes when the work returns, with what it returns. `total` has no
    /// effect either where the work has run and waits for its retry. To a coroutine
    /// the type is passed on, `total` too: asio::this_coro::cancellation_state decides, and by default it takes
    /// `terminal`.
    ///
    /// Errors: what the work threw; task_error with errc::run_timeout, queue_timeout or pool_closed;
    /// boost::system::system_error with `operation_aborted`, also where what a coroutine awaited was destroyed.
    template <class Work, class Token = detail::default_token_t<executor_type>>
        requires detail::thread_work<Work>
    auto async_run(Work&& work, const run_options& options, Token&& token = detail::default_token<executor_type>())
    {
        return detail::initiate<Token, run_signature<Work>>(initiate_run(get_executor(), &queue_), token,
                                                            std::forward<Work>(work), options);
    }

    /// The same with default options.
    template <class Work, class Token = detail::default_token_t<executor_type>>
        requires(detail::thread_work<Work> && !std::convertible_to<Token, run_options>)
    auto async_run(Work&& work, Token&& token = detail::default_token<executor_type>())
    {
        return detail::initiate<Token, run_signature<Work>>(initiate_run(get_executor(), &queue_), token,
                                                            std::forward<Work>(work));
    }

    using detail::refused_thread_runs::async_run;

    /// Removes what is queued, which completes with `operation_aborted`; asks what runs to stop: coroutines are cancelled
    /// with `terminal`. What is submitted from now on completes with errc::pool_closed. The threads go on until join(), so
    /// that all that can complete. Does not wait, but for stop callbacks.
    void stop() { queue_->close(); }

    /// Waits until there is no work left, of async_run or else in Asio, then ends the threads. After stop(), also during the
    /// call, it waits for work of async_run alone, however long it takes to stop: other work of the executor's that has not
    /// begun by then is not run. Handlers of what is submitted later are called where they have an executor elsewhere. Not
    /// to be called in one of the threads.
    void join()
    {
        queue_->when_quiet([this] { threads_.context().stop(); });
        threads_.join();
    }

    thread_pool_stats stats() const
    {
        const auto counts = queue_->counts();
        return {size_, counts.queued, counts.running, counts.completed};
    }

private:
    template <class Work>
    using run_signature = typename detail::run_signature<typename detail::work_traits<std::decay_t<Work>>::result>::type;

    using initiate_run = detail::initiate_thread_run<executor_type>;

    std::size_t size_;
    detail::context_threads threads_;
    std::shared_ptr<detail::work_queue> queue_;
};

} // namespace tandem

#endif
