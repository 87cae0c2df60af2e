// Waiting tasks that have a priority, the highest first.
#ifndef TANDEM_SCHEDULE_QUEUE_LEVELS_HPP
#define TANDEM_SCHEDULE_QUEUE_LEVELS_HPP

#include <schedule/ordered_tree.hpp>
#include <schedule/task_list.hpp>

#include <cstddef>
#include <utility>

namespace tandem::schedule {

/// Of each priority the first task is in a tree, and those that follow it in a row behind it: what comes with a priority that is
/// there goes behind its last at once, and nothing is allocated. The first of a row knows the last, as its `previous`.
class queue_levels
{
public:
    std::size_t size() const noexcept { return size_; }

    /// Of the highest priority; nothing where there is none.
    task* front() const noexcept
    {
        const detail::task_options* const first = firsts_.first();
        return first ? first->task : nullptr;
    }

    void push_back(task& t) noexcept
    {
        if (task* const first = enter(t)) {
            t.previous = std::exchange(first->previous, &t);
            t.previous->next = &t;
        }
    }

    void push_front(task& t) noexcept
    {
        if (task* const first = enter(t)) {
            firsts_.replace(*first->options, *t.options);
            t.previous = std::exchange(first->previous, &t);
            t.next = first;
        }
    }

    void remove(task& t) noexcept
    {
        --size_;
        if (t.previous->next == &t) {
            t.previous->next = t.next;
            (t.next ? t.next : firsts_.find(*t.options)->task)->previous = t.previous;
        } else if (t.next) {
            firsts_.replace(*t.options, *t.next->options);
            t.next->previous = t.previous;
        } else {
            firsts_.remove(*t.options);
        }
        t.previous = t.next = nullptr;
    }

    void clear() noexcept
    {
        firsts_.clear();
        size_ = 0;
    }

private:
    struct higher
    {
        bool operator()(const detail::task_options& one, const detail::task_options& other) const noexcept
        {
            return one.priority > other.priority;
        }
    };

    // A row of its own, or else the first of the row that it belongs to.
    task* enter(task& t) noexcept
    {
        ++size_;
        t.previous = &t;
        t.next = nullptr;
        t.options->task = &t;
        const detail::task_options* const first = firsts_.find_or_add(*t.options);
        return first ? first->task : nullptr;
    }

    ordered_tree<detail::task_options, higher, &detail::task_options::place_by_priority> firsts_;
    std::size_t size_ = 0;
};

} // namespace tandem::schedule

#endif
