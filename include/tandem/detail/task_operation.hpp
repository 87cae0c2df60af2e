// One call of process_pool::async_run, erased: all that the compiled part of the pool needs to know of it.
#ifndef TANDEM_DETAIL_TASK_OPERATION_HPP
#define TANDEM_DETAIL_TASK_OPERATION_HPP

#include <tandem/codec.hpp>
#include <tandem/detail/pending_handler.hpp>
#include <tandem/detail/run_signature.hpp>
#include <tandem/detail/scheduled_task.hpp>
#include <tandem/detail/task_registry.hpp>
#include <tandem/error.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace tandem::detail {

/// What a completed task delivers: an exception, or else the encoded result.
struct task_result
{
    std::exception_ptr error;
    std::span<const std::byte> value;
    std::unique_ptr<large_reader> large{}; ///< holds the value's large runs
};

/// Room kept at the head of a message for the call's own fields.
inline constexpr std::size_t message_head_size = 16;

/// Head and arguments of most calls.
inline constexpr std::size_t usual_message_size = 48;

/// Holds head and arguments: in the operation itself where their size is known.
template <bool is_flat, std::size_t flat_size>
using message_storage = std::conditional_t<is_flat, std::array<std::byte, message_head_size + flat_size>, byte_buffer>;

class task_operation : public scheduled_task
{
public:
    task_operation(const task_operation&) = delete;
    task_operation& operator=(const task_operation&) = delete;

    /// Calls the handler, and frees the operation first. Called once, if destroy() is not.
    /// `io_executor` is the pool's, which the pool itself keeps busy while it has work.
    virtual void complete(completion_mode mode, const asio::any_io_executor& io_executor, task_result outcome) = 0;
    virtual void destroy() noexcept = 0;

    /// Of a sequence of calls of which `begun` have begun: takes the others out, as an operation of its own.
    virtual task_operation* split(std::uint32_t /*begun*/) { return nullptr; }
    /// The same of its first calls.
    virtual task_operation* split_first(std::uint32_t /*count*/) { return nullptr; }

    const task_entry* entry;
    std::span<std::byte> message; ///< room for the call's head, then the encoded arguments; of whoever derives
    bool cancellable = false;
    bool others_follow = false; ///< as soon as it completes: a map has more elements
    bool is_sequence = false; ///< `items` argument lists, each after its size; the results likewise
    /// In the worker's status page, from the moment on that the call is really sent.
    static constexpr std::uint32_t no_slot = 0xffff'ffff;
    std::uint32_t slot = no_slot;
    /// What this call of it is known by to its worker: another one each time that it is sent, so that a call that was
    /// taken back cannot be taken for one sent later.
    std::uint64_t call = 0;

    void set(const run_options& wanted)
    {
        if (wanted == default_run_options)
            return;
        rest().options = task_options(wanted);
        options = &rest().options;
    }

    /// Holds the arguments' large runs, for each run of the task.
    void set_large(std::unique_ptr<large_writer> runs) { rest().large = std::move(runs); }
    std::unique_ptr<large_writer> take_large() noexcept { return rest_ ? std::move(rest_->large) : nullptr; }

    /// Holds a copy of the arguments in shared memory while a worker may read it.
    void set_stored(std::unique_ptr<large_writer> copy) { rest().stored = std::move(copy); }
    void drop_stored() noexcept
    {
        if (rest_)
            rest_->stored.reset();
    }

    /// How long the last run took, where its outcome came. Only kept for a task with options, such as a run_timeout.
    std::chrono::nanoseconds took() const noexcept { return rest_ ? rest_->took : std::chrono::nanoseconds(0); }
    void set_took(std::chrono::nanoseconds time) noexcept
    {
        if (rest_)
            rest_->took = time;
    }

    /// Runs that were retried.
    std::vector<attempt_report> earlier() const { return rest_ ? rest_->earlier : std::vector<attempt_report>(); }
    void add_earlier(attempt_report run) { rest().earlier.push_back(std::move(run)); }

    /// Bytes of the encoded arguments, wherever they lie.
    std::size_t arguments_size() const noexcept
    {
        return message.size() - message_head_size + (rest_ && rest_->large ? rest_->large->size() : 0);
    }

    /// The error of a value of this task's that could not be encoded or decoded here.
    std::exception_ptr codec_failure(errc code, const std::string& what) const
    {
        task_report report;
        report.task = entry->name();
        report.label = options->label.view();
        const std::string head = "task " + report.task + ": " + what;
        return std::make_exception_ptr(task_error(code, head, std::move(report)));
    }

    /// The same of its result: of what is being caught.
    std::exception_ptr result_failure() const noexcept
    {
        try {
            return codec_failure(errc::decode_failed, "its result: " + what_was_thrown());
        } catch (...) { // no memory to say so
            return std::current_exception();
        }
    }

protected:
    explicit task_operation(const task_entry& e) : entry(&e) {}
    ~task_operation() = default;

private:
    // What few tasks have: a million may be queued.
    struct seldom
    {
        task_options options;
        std::vector<attempt_report> earlier;
        std::unique_ptr<large_writer> large;
        std::unique_ptr<large_writer> stored;
        std::chrono::nanoseconds took{0};
    };

    seldom& rest()
    {
        if (!rest_)
            rest_ = std::make_unique<seldom>();
        return *rest_;
    }

    std::unique_ptr<seldom> rest_;
};

/// Frees it, its handler uncalled.
struct operation_destroyer
{
    void operator()(task_operation* operation) const noexcept { operation->destroy(); }
};

template <class R, class Message, class Handler, class Executor>
class task_operation_for final : public task_operation
{
public:
    task_operation_for(Handler&& handler, const Executor& executor, const task_entry& e)
        : task_operation(e), waiting_(std::move(handler), executor)
    {
    }

    Handler& handler() noexcept { return waiting_.handler(); }

    Message encoded{}; ///< what `message` is to be

    void complete(completion_mode mode, const asio::any_io_executor& io_executor, task_result result) override
    {
        if constexpr (std::is_void_v<R>) {
            take().complete(mode, io_executor, std::move(result.error));
        } else {
            std::exception_ptr error = std::move(result.error);
            std::optional<R> value;
            if (!error) {
                try {
                    value.emplace(decode_value<R>(result.value, result.large.get()));
                } catch (...) {
                    error = result_failure();
                }
            }
            result.large.reset(); // not while the handler runs
            R delivered = value ? std::move(*value) : none_.take();
            take().complete(mode, io_executor, std::move(error), std::move(delivered));
        }
    }

    void destroy() noexcept override { [[maybe_unused]] const auto waiting = take(); }

private:
    waiting_handler<Handler, Executor> take()
    {
        auto waiting = std::move(waiting_);
        free_operation(this, waiting.handler());
        return waiting;
    }

    [[no_unique_address]] failure_value<R> none_;
    waiting_handler<Handler, Executor> waiting_;
};

/// async_start and async_shutdown, erased.
class wait_operation
{
public:
    virtual ~wait_operation() = default;
    virtual void complete(completion_mode mode, std::exception_ptr error) = 0;
};

template <class Handler, class Executor>
class wait_operation_for final : public wait_operation
{
public:
    wait_operation_for(Handler&& handler, const Executor& executor) : pending_(std::move(handler), executor) {}

    void complete(completion_mode mode, std::exception_ptr error) override
    {
        std::move(pending_).complete(mode, std::move(error));
    }

private:
    pending_handler<Handler, Executor> pending_;
};

} // namespace tandem::detail

#endif
