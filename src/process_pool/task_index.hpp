// The tasks that a pool has, those that somebody may cancel, and how long the tasks of each function took.
#ifndef TANDEM_PROCESS_POOL_TASK_INDEX_HPP
#define TANDEM_PROCESS_POOL_TASK_INDEX_HPP

#include <process_pool/cancellable_tasks.hpp>
#include <schedule/task_list.hpp>
#include <tandem/detail/task_operation.hpp>

#include <cstdint>
#include <unordered_map>
#include <utility>

namespace tandem::detail {

class task_index
{
public:
    /// What the scheduler is to know of it. Admission does that too.
    void describe(task_operation& operation)
    {
        if (last_entry_ != operation.entry) {
            last_cost_ = &costs_[operation.entry];
            last_entry_ = operation.entry;
        }
        operation.cost = last_cost_;
        operation.bytes = static_cast<std::uint32_t>(operation.message.size()); // largest_message has fewer bits
    }

    /// Where it throws, nothing has happened.
    void admit(task_operation& operation)
    {
        describe(operation);
        if (operation.cancellable)
            cancellable_.add(operation);
        operation.older = newest_;
        (newest_ ? newest_->newer : oldest_) = &operation;
        newest_ = &operation;
    }

    /// It is to complete.
    void forget(task_operation& operation) noexcept
    {
        if (operation.cancellable)
            cancellable_.remove(operation);
        (operation.older ? operation.older->newer : oldest_) = operation.newer;
        (operation.newer ? operation.newer->older : newest_) = operation.older;
        operation.older = operation.newer = nullptr;
    }

    /// All, the oldest first, each followed by the `newer` one; they are forgotten.
    schedule::task* take_all() noexcept
    {
        cancellable_.clear();
        newest_ = nullptr;
        return std::exchange(oldest_, nullptr);
    }

    /// Nothing where it has completed.
    task_operation* find(std::uint64_t id) const { return cancellable_.find(id); }

    /// Nothing where none was admitted.
    const cost_estimate* cost_of(const task_entry& entry) const
    {
        const auto it = costs_.find(&entry);
        return it == costs_.end() ? nullptr : &it->second;
    }

private:
    schedule::task* oldest_ = nullptr;
    schedule::task* newest_ = nullptr;
    cancellable_tasks cancellable_;
    std::unordered_map<const task_entry*, cost_estimate> costs_;
    const task_entry* last_entry_ = nullptr; // mostly it is the next one as well
    cost_estimate* last_cost_ = nullptr;
};

} // namespace tandem::detail

#endif
