// Tasks that have a deadline, the earliest first.
#ifndef TANDEM_SCHEDULE_DEADLINES_HPP
#define TANDEM_SCHEDULE_DEADLINES_HPP

#include <schedule/ordered_tree.hpp>
#include <schedule/task_list.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>

namespace tandem::schedule {

using time_point = task::time_point;

/// `start + limit`. Never for a limit of zero or one beyond the clock's range; `start` for a negative one, which is over.
inline time_point deadline_after(time_point start, std::chrono::nanoseconds limit) noexcept
{
    constexpr std::chrono::nanoseconds none{0};
    if (limit == none || limit > time_point::max() - start)
        return time_point::max();
    return start + std::max(limit, none);
}

class deadlines
{
public:
    /// `time_point::max()` for none.
    void set(task& t, time_point deadline) noexcept
    {
        if (t.has_deadline || deadline != time_point::max()) // mostly it had none, and gets none
            change(t, deadline);
    }

    void clear(task& t) noexcept { set(t, time_point::max()); }

    /// The tasks are not to be used with these any more.
    void clear_all() noexcept { tasks_.clear(); }

    time_point earliest() const noexcept
    {
        const detail::task_options* const first = tasks_.first();
        return first ? first->deadline : time_point::max();
    }

    template <class Function>
    void for_each_expired(time_point now, Function function) const
    {
        for (const detail::task_options* next = tasks_.first(); next && next->deadline <= now; next = tasks_.next(*next))
            function(*next->task);
    }

    /// Takes out one task whose deadline has passed, or nothing.
    task* take_expired(time_point now) noexcept
    {
        task* const t = first_expired(now);
        if (t)
            clear(*t);
        return t;
    }

    /// It stays in.
    task* first_expired(time_point now) const noexcept
    {
        const detail::task_options* const first = tasks_.first();
        return first && first->deadline <= now ? first->task : nullptr;
    }

private:
    // Of equal ones that with the lower id, so that it does not depend on where they lie in memory. Without ids nobody can
    // tell.
    struct earlier
    {
        bool operator()(const detail::task_options& one, const detail::task_options& other) const noexcept
        {
            if (one.deadline != other.deadline)
                return one.deadline < other.deadline;
            return one.task->id < other.task->id;
        }
    };

    void change(task& t, time_point deadline) noexcept
    {
        assert(t.options != &detail::no_options);
        if (t.has_deadline)
            tasks_.remove(*t.options);
        t.has_deadline = deadline != time_point::max();
        if (!t.has_deadline)
            return;
        t.options->task = &t;
        t.options->deadline = deadline;
        tasks_.add(*t.options);
    }

    ordered_tree<detail::task_options, earlier, &detail::task_options::place_by_deadline> tasks_;
};

} // namespace tandem::schedule

#endif
