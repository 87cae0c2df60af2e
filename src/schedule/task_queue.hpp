// Waiting tasks by priority, then by age.
#ifndef TANDEM_SCHEDULE_TASK_QUEUE_HPP
#define TANDEM_SCHEDULE_TASK_QUEUE_HPP

#include <schedule/queue_levels.hpp>
#include <schedule/task_list.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace tandem::schedule {

class task_queue
{
    using level = detail::queue_level;

public:
    bool empty() const noexcept { return size() == 0; }
    std::size_t size() const noexcept { return levels_->size; }

    task* front() const noexcept
    {
        const level* const first = levels_->others.first();
        if (!first || (first->priority < 0 && !levels_->usual.tasks.empty()))
            return levels_->usual.tasks.front();
        return first->tasks.front();
    }

    void push_back(task& t)
    {
        t.level = &level_of(t);
        t.level->tasks.push_back(t);
        ++levels_->size;
    }

    void push_front(task& t)
    {
        t.level = &level_of(t);
        t.level->tasks.push_front(t);
        ++levels_->size;
    }

    /// From whatever queue it is in.
    static void remove(task& t) noexcept
    {
        level& from = *std::exchange(t.level, nullptr);
        from.tasks.remove(t);
        --from.all->size;
        if (from.tasks.empty() && from.priority != 0)
            from.all->others.remove(from);
    }

    /// All of them, as a queue of their own. Takes no longer where there are more.
    task_queue take_all()
    {
        task_queue all;
        levels_.swap(all.levels_);
        return all;
    }

    void clear() noexcept
    {
        levels_->usual.tasks = {};
        levels_->others.clear();
        levels_->size = 0;
    }

private:
    using family = detail::queue_family;

    level& level_of(const task& t)
    {
        const int priority = t.options->priority;
        return priority == 0 ? levels_->usual : levels_->others.find_or_add(priority);
    }

    std::unique_ptr<family> levels_ = std::make_unique<family>();
};

} // namespace tandem::schedule

#endif
