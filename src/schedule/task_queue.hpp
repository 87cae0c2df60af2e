// Waiting tasks by priority, then by age.
#ifndef TANDEM_SCHEDULE_TASK_QUEUE_HPP
#define TANDEM_SCHEDULE_TASK_QUEUE_HPP

#include <schedule/task_list.hpp>

#include <functional>
#include <map>

namespace tandem::schedule {

class task_queue
{
public:
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

    task* front() const noexcept
    {
        if (others_.empty() || (!usual_.empty() && others_.begin()->first < 0))
            return usual_.front();
        return others_.begin()->second.front();
    }

    void push_back(task& t)
    {
        level_of(t).push_back(t);
        ++size_;
    }

    void push_front(task& t)
    {
        level_of(t).push_front(t);
        ++size_;
    }

    void remove(task& t)
    {
        task_list& level = level_of(t);
        level.remove(t);
        --size_;
        if (level.empty() && &level != &usual_)
            others_.erase(t.options->priority);
    }

    void clear() noexcept
    {
        usual_ = {};
        others_.clear();
        size_ = 0;
    }

private:
    task_list& level_of(const task& t)
    {
        const int priority = t.options->priority;
        return priority == 0 ? usual_ : others_[priority];
    }

    task_list usual_; // of priority 0
    std::map<int, task_list, std::greater<>> others_; // none is empty
    std::size_t size_ = 0;
};

} // namespace tandem::schedule

#endif
