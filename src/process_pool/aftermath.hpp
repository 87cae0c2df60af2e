// What follows from an event and is done when the pool's lock is released: operations are completed.
#ifndef TANDEM_PROCESS_POOL_AFTERMATH_HPP
#define TANDEM_PROCESS_POOL_AFTERMATH_HPP

#include <tandem/detail/task_operation.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <memory_resource>
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
        std::exception_ptr error;
        std::span<const std::byte> message{}; ///< the result's encoding, or a failure's
        int failed_in = 0;                    ///< the worker's pid, where it is a failure's
        std::unique_ptr<large_reader> large{};
    };
    using completed_wait = std::pair<std::unique_ptr<wait_operation>, std::exception_ptr>;

    void add(task_operation* operation, std::exception_ptr error)
    {
        tasks.push_back({.operation = operation_ptr(operation), .error = std::move(error)});
    }

    /// `message` is copied.
    void add(task_operation* operation, std::span<const std::byte> message, int failed_in,
             std::unique_ptr<large_reader> large)
    {
        if (!memory_)
            memory_ = std::make_unique<std::pmr::monotonic_buffer_resource>();
        auto* const copy = static_cast<std::byte*>(memory_->allocate(message.size(), alignof(std::max_align_t)));
        std::ranges::copy(message, copy);
        tasks.push_back({.operation = operation_ptr(operation),
                         .error = nullptr,
                         .message = {copy, message.size()},
                         .failed_in = failed_in,
                         .large = std::move(large)});
    }

    std::vector<completed_task> tasks;
    std::vector<completed_wait> waits;

private:
    std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_; // of the messages
};

} // namespace tandem::detail

#endif
