// Tasks in a row. Intrusive: nothing is allocated per task, any task leaves in constant time.
#ifndef TANDEM_SCHEDULE_TASK_LIST_HPP
#define TANDEM_SCHEDULE_TASK_LIST_HPP

#include <tandem/detail/scheduled_task.hpp>

#include <cstddef>

namespace tandem::schedule {

using task = detail::scheduled_task;

/// A task is in one list at the most.
class task_list
{
public:
    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }
    task* front() const noexcept { return first_; }
    task* back() const noexcept { return last_; }

    void push_back(task& t) noexcept
    {
        t.previous = last_;
        t.next = nullptr;
        (last_ ? last_->next : first_) = &t;
        last_ = &t;
        ++size_;
    }

    void push_front(task& t) noexcept
    {
        t.previous = nullptr;
        t.next = first_;
        (first_ ? first_->previous : last_) = &t;
        first_ = &t;
        ++size_;
    }

    void remove(task& t) noexcept
    {
        (t.previous ? t.previous->next : first_) = t.next;
        (t.next ? t.next->previous : last_) = t.previous;
        t.previous = t.next = nullptr;
        --size_;
    }

private:
    task* first_ = nullptr;
    task* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace tandem::schedule

#endif
