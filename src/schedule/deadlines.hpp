// Tasks that have a deadline, the earliest first.
#ifndef TANDEM_SCHEDULE_DEADLINES_HPP
#define TANDEM_SCHEDULE_DEADLINES_HPP

#include <schedule/ordered_tree.hpp>
#include <schedule/task_list.hpp>

#include <algorithm>
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
    void set(task& t, time_point deadline) noexcept
    {
        clear(t);
        if (deadline == time_point::max())
            return;
        t.deadline = deadline;
        tasks_.add(t);
    }

    void clear(task& t) noexcept
    {
        if (t.deadline == time_point::max())
            return;
        tasks_.remove(t);
        t.deadline = time_point::max();
    }

    /// The tasks are not to be used with these any more.
    void clear_all() noexcept { tasks_.clear(); }

    time_point earliest() const noexcept
    {
        const task* const first = tasks_.first();
        return first ? first->deadline : time_point::max();
    }

    template <class Function>
    void for_each_expired(time_point now, Function function) const
    {
        for (const task* t = tasks_.first(); t && t->deadline <= now; t = tasks_.next(*t))
            function(*t);
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
        task* const first = tasks_.first();
        return first && first->deadline <= now ? first : nullptr;
    }

private:
    // Of equal ones that with the lower id, so that it does not depend on where they lie in memory. Without ids nobody can
    // tell.
    struct earlier
    {
        bool operator()(const task& one, const task& other) const noexcept
        {
            if (one.deadline != other.deadline)
                return one.deadline < other.deadline;
            return one.id < other.id;
        }
    };

    ordered_tree<task, earlier, &task::place_by_deadline> tasks_;
};

} // namespace tandem::schedule

#endif
