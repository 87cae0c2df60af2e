// The compiled part of the process pool, as the templates in front of it see it.
#ifndef TANDEM_DETAIL_PROCESS_POOL_CORE_HPP
#define TANDEM_DETAIL_PROCESS_POOL_CORE_HPP

#include <tandem/detail/task_operation.hpp>
#include <tandem/process_pool_options.hpp>
#include <tandem/shutdown_mode.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace tandem::detail {

/// All functions are thread-safe. What they complete is never called inside of them.
class process_pool_core
{
public:
    virtual ~process_pool_core() = default;

    /// Takes the operation over, whose `id` and settings are set.
    virtual void submit(task_operation* operation) = 0;
    virtual std::uint64_t next_id() noexcept = 0;

    /// For the large runs of one call's arguments. Nothing where all go through pipes.
    virtual std::unique_ptr<large_writer> large_arguments() = 0;

    virtual void cancel(std::uint64_t id, boost::asio::cancellation_type type) = 0;
    virtual void cancel_all() = 0;

    /// Where none of these tasks has begun, completes all of them with `operation_aborted`; else none. A task that is not there
    /// has completed. Whether it did.
    virtual bool cancel_unbegun(std::span<const std::uint64_t> ids) = 0;

    virtual void start(std::unique_ptr<wait_operation> operation) = 0;
    virtual void shutdown(const shutdown_options& ladder, std::unique_ptr<wait_operation> operation) = 0;

    /// Asks the workers to end, kills them, completes what is left, and returns when no process is left.
    virtual void close() noexcept = 0;

    /// How many calls of it are worth to be sent in one message.
    virtual std::uint32_t calls_at_once(const task_entry& entry) const = 0;

    /// Whether the executor's context is there. When it is gone, nothing of it may be touched: not even a copy of a strand
    /// may be destroyed.
    bool has_context() const noexcept { return has_context_.load(std::memory_order_relaxed); }

    /// Keeps what the caller has of the context until that is destroyed. Called once, before all else.
    void keep(std::shared_ptr<const void> executor) noexcept { kept_ = std::move(executor); }

    virtual std::size_t size() const noexcept = 0;
    virtual std::size_t max_message_size() const noexcept = 0;
    virtual process_pool_stats stats() const = 0;

protected:
    /// The context is being destroyed.
    void drop_context() noexcept
    {
        has_context_.store(false, std::memory_order_relaxed);
        kept_.reset();
    }

private:
    std::atomic<bool> has_context_ = true;
    std::shared_ptr<const void> kept_;
};

/// Throws task_error: errc::worker_without_main, nesting_too_deep, duplicate_task.
std::shared_ptr<process_pool_core> make_process_pool_core(const boost::asio::any_io_executor& executor,
                                                          const process_pool_options& options);

} // namespace tandem::detail

#endif
