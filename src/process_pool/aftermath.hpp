// What follows from an event and is done when the pool's lock is released: operations are completed.
#ifndef TANDEM_PROCESS_POOL_AFTERMATH_HPP
#define TANDEM_PROCESS_POOL_AFTERMATH_HPP

#include <tandem/detail/archive.hpp>
#include <tandem/detail/task_operation.hpp>

#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace tandem::detail {

struct operation_destroyer
{
    void operator()(task_operation* operation) const noexcept { operation->destroy(); }
};
using operation_ptr = std::unique_ptr<task_operation, operation_destroyer>;

/// Where it is destroyed, and not emptied, its operations are destroyed without being called.
class aftermath
{
public:
    struct completed_task
    {
        operation_ptr operation;
        std::exception_ptr error{};
        std::size_t message_at = 0; ///< the result's encoding, or a failure's
        std::size_t message_size = 0;
        int failed_in = 0; ///< the worker's pid, where it is a failure's
        std::unique_ptr<large_reader> large{};
    };
    using completed_wait = std::pair<std::unique_ptr<wait_operation>, std::exception_ptr>;

    void add(task_operation* operation, std::exception_ptr error)
    {
        tasks_.push_back({.operation = operation_ptr(operation), .error = std::move(error)});
    }

    /// `message` is copied.
    void add(task_operation* operation, std::span<const std::byte> message, int failed_in,
             std::unique_ptr<large_reader> large)
    {
        const std::size_t at = (messages_.size() + message_alignment - 1) / message_alignment * message_alignment;
        messages_.resize(at + message.size());
        if (!message.empty())
            std::memcpy(messages_.data() + at, message.data(), message.size());
        tasks_.push_back({.operation = operation_ptr(operation),
                          .message_at = at,
                          .message_size = message.size(),
                          .failed_in = failed_in,
                          .large = std::move(large)});
    }

    /// The next task to be completed, in their order; nothing at the end.
    completed_task* next() noexcept { return next_ == tasks_.size() ? nullptr : &tasks_[next_++]; }
    bool has_next() const noexcept { return next_ != tasks_.size(); }

    std::span<const std::byte> message_of(const completed_task& task) const
    {
        return std::span(messages_).subspan(task.message_at, task.message_size);
    }

    std::vector<completed_wait> waits;

private:
    std::vector<completed_task> tasks_;
    std::vector<std::byte> messages_;
    std::size_t next_ = 0;
};

} // namespace tandem::detail

#endif
