// What follows from an event and is done when the pool's lock is released: operations are completed.
#ifndef TANDEM_PROCESS_POOL_COMPLETION_BATCH_HPP
#define TANDEM_PROCESS_POOL_COMPLETION_BATCH_HPP

#include <empty_buffer.hpp>
#include <process_pool/failure.hpp>
#include <schedule/scheduler.hpp>
#include <tandem/detail/archive.hpp>
#include <tandem/detail/copy_bytes.hpp>
#include <tandem/detail/task_operation.hpp>

#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace tandem::detail {

using operation_ptr = std::unique_ptr<task_operation, operation_destroyer>;

/// Where it is destroyed, and not emptied, its operations are destroyed without being called.
class completion_batch
{
public:
    struct completed_task
    {
        operation_ptr operation;
        std::exception_ptr error{};
        std::size_t message_at = 0; ///< the result's encoding, or a failure's
        std::size_t message_size = 0;
        int failed_in = 0; ///< the worker's pid, where it is a failure's
        std::optional<schedule::outcome> unrun{}; ///< it ended like that while it waited, and its error has yet to be made
        bool is_stored = false; ///< `large` has the encoding, and the message says where
        std::unique_ptr<large_reader> large{};
    };
    using completed_wait = std::pair<std::unique_ptr<wait_operation>, std::exception_ptr>;

    completion_batch() = default;
    completion_batch(completion_batch&& other) noexcept { take_from(other); }
    completion_batch& operator=(completion_batch&&) = delete;
    ~completion_batch()
    {
        while (task_operation* const operation = next_given_up())
            operation->destroy();
    }

    /// All that another one has, into an empty one.
    void take_from(completion_batch& other) noexcept
    {
        waits.swap(other.waits);
        given_up_starts.swap(other.given_up_starts);
        given_up_shutdowns.swap(other.given_up_shutdowns);
        tasks_.swap(other.tasks_);
        messages_.swap(other.messages_);
        std::swap(next_, other.next_);
        start.swap(other.start);
        std::swap(given_up_, other.given_up_);
        std::swap(why_, other.why_);
    }

    /// Where it throws, the operation is still the caller's.
    void add(task_operation* operation, std::exception_ptr error)
    {
        tasks_.push_back({.operation = nullptr, .error = std::move(error)});
        tasks_.back().operation.reset(operation);
    }

    /// One that waited: what it fails with is made when it is delivered.
    void add(task_operation* operation, schedule::outcome why)
    {
        tasks_.push_back({.operation = nullptr, .unrun = why});
        tasks_.back().operation.reset(operation);
    }

    /// `message` is copied.
    void add(task_operation* operation, std::span<const std::byte> message, int failed_in,
             std::unique_ptr<large_reader> large, bool is_stored = false)
    {
        const std::size_t position = (messages_.size() + message_alignment - 1) / message_alignment * message_alignment;
        messages_.resize(position + message.size());
        copy_bytes(messages_.data() + position, message.data(), message.size());
        completed_task& task = tasks_.emplace_back();
        task.operation.reset(operation);
        task.message_at = position;
        task.message_size = message.size();
        task.failed_in = failed_in;
        task.large = std::move(large);
        task.is_stored = is_stored;
    }

    /// Has messages copied to where those of a batch before were.
    void use_room(std::vector<std::byte>& spare) noexcept { messages_.swap(spare); }

    /// Whether a later batch would gain by the room: from 64 KiB on, what is freed can be given back to the system at once, and
    /// to get it anew costs more than what is copied there.
    bool has_much_room() const noexcept { return messages_.capacity() >= 64 * 1024; }
    void leave_room(std::vector<std::byte>& spare) noexcept
    {
        empty_buffer(messages_);
        if (messages_.capacity() > spare.capacity())
            messages_.swap(spare);
    }

    /// Adds tasks that follow each other as `newer` ones, and waits, which all fail with `error`. Takes no memory. Once.
    void give_up(scheduled_task* tasks, std::vector<std::unique_ptr<wait_operation>>&& starts,
                 std::vector<std::unique_ptr<wait_operation>>&& shutdowns, const std::exception_ptr& error) noexcept
    {
        given_up_ = tasks;
        given_up_starts = std::move(starts);
        given_up_shutdowns = std::move(shutdowns);
        why_ = error;
    }

    /// The next one of those that were given up; nothing at the end.
    task_operation* next_given_up() noexcept
    {
        scheduled_task* const task = given_up_;
        if (!task)
            return nullptr;
        given_up_ = task->newer;
        return static_cast<task_operation*>(task);
    }
    const std::exception_ptr& why_given_up() const noexcept { return why_; }

    /// Completes the next one of them, or a wait where no task is left: shutdowns with no error, as no worker is left.
    void complete_next_given_up(completion_mode mode, const boost::asio::any_io_executor& io_executor)
    {
        const auto take_first = [](auto& from) {
            auto first = std::move(from.front());
            from.erase(from.begin());
            return first;
        };
        if (task_operation* const operation = next_given_up())
            operation->complete(mode, io_executor, {why_, {}});
        else if (!given_up_starts.empty())
            take_first(given_up_starts)->complete(mode, why_);
        else
            take_first(given_up_shutdowns)->complete(mode, nullptr);
    }
    bool has_given_up() const noexcept { return given_up_ || !given_up_starts.empty() || !given_up_shutdowns.empty(); }
    std::vector<std::unique_ptr<wait_operation>> given_up_starts, given_up_shutdowns;

    /// The next task to be completed, in their order; nothing at the end.
    completed_task* next() noexcept { return next_ == tasks_.size() ? nullptr : &tasks_[next_++]; }
    bool has_next() const noexcept { return next_ != tasks_.size(); }

    std::span<const std::byte> message_of(const completed_task& task) const
    {
        return std::span(messages_).subspan(task.message_at, task.message_size);
    }

    std::vector<completed_wait> waits;
    std::shared_ptr<const start_failure> start; ///< for tasks that ended since it failed

private:
    std::vector<completed_task> tasks_;
    std::vector<std::byte> messages_;
    std::size_t next_ = 0;
    scheduled_task* given_up_ = nullptr;
    std::exception_ptr why_;
};

} // namespace tandem::detail

#endif
