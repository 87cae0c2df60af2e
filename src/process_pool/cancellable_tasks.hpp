// Tasks by their numbers, which are dense: a page has room for some that follow each other. So what many take is a few pages,
// and none of what is done with one of them takes longer where there are more.
#ifndef TANDEM_PROCESS_POOL_CANCELLABLE_TASKS_HPP
#define TANDEM_PROCESS_POOL_CANCELLABLE_TASKS_HPP

#include <tandem/detail/task_operation.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace tandem::detail {

class cancellable_tasks
{
public:
    /// Where it throws, nothing has happened.
    void add(task_operation& operation)
    {
        page& target = find_or_add(operation.id / page_size);
        target.tasks[operation.id % page_size] = &operation;
        ++target.count;
    }

    void remove(const task_operation& operation) noexcept
    {
        const auto it = pages_.find(operation.id / page_size);
        it->second.tasks[operation.id % page_size] = nullptr;
        if (--it->second.count == 0 && it->first != newest_) // the next ones go there
            pages_.erase(it);
    }

    /// Nothing where it is not in.
    task_operation* find(std::uint64_t id) const
    {
        const auto it = pages_.find(id / page_size);
        return it == pages_.end() ? nullptr : it->second.tasks[id % page_size];
    }

    void clear() noexcept { pages_.clear(); }

private:
    static constexpr std::size_t page_size = 64;

    struct page
    {
        std::array<task_operation*, page_size> tasks{};
        std::size_t count = 0;
    };

    page& find_or_add(std::uint64_t number)
    {
        page& found = pages_[number];
        if (number != newest_) {
            if (const auto last = pages_.find(newest_); last != pages_.end() && last->second.count == 0)
                pages_.erase(last);
            newest_ = number;
        }
        return found;
    }

    std::unordered_map<std::uint64_t, page> pages_; // none is empty but the newest
    std::uint64_t newest_ = 0;                      // the number of the one that was added to last
};

} // namespace tandem::detail

#endif
