// Tasks that have a deadline, the earliest first.
#ifndef TANDEM_SCHEDULE_DEADLINES_HPP
#define TANDEM_SCHEDULE_DEADLINES_HPP

#include <schedule/task_list.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <utility>

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
    void set(task& t, time_point deadline)
    {
        clear(t);
        if (deadline == time_point::max())
            return;
        t.deadline = deadline;
        tasks_.emplace(deadline, &t);
    }

    void clear(task& t)
    {
        if (t.deadline == time_point::max())
            return;
        tasks_.erase({t.deadline, &t});
        t.deadline = time_point::max();
    }

    /// The tasks are not to be used with these any more.
    void clear_all() noexcept { tasks_.clear(); }

    time_point earliest() const noexcept { return tasks_.empty() ? time_point::max() : tasks_.begin()->first; }

    template <class Function>
    void for_each_expired(time_point now, Function function) const
    {
        for (auto it = tasks_.begin(); it != tasks_.end() && it->first <= now; ++it)
            function(*it->second);
    }

    /// Takes out one task whose deadline has passed, or nothing.
    task* take_expired(time_point now)
    {
        task* const t = first_expired(now);
        if (t)
            clear(*t);
        return t;
    }

    /// It stays in.
    task* first_expired(time_point now) const noexcept
    {
        return tasks_.empty() || earliest() > now ? nullptr : tasks_.begin()->second;
    }

private:
    // Of equal ones that with the lower id, so that it does not depend on where they lie in memory. Without ids nobody can
    // tell.
    struct earlier
    {
        using entry = std::pair<time_point, task*>;

        bool operator()(const entry& one, const entry& other) const noexcept
        {
            if (one.first != other.first)
                return one.first < other.first;
            if (one.second->id != other.second->id)
                return one.second->id < other.second->id;
            return std::less<>()(one.second, other.second);
        }
    };

    std::set<std::pair<time_point, task*>, earlier> tasks_;
};

} // namespace tandem::schedule

#endif
