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
        if (size_ == 0)
            return nullptr;
        auto it = levels_.begin();
        while (it->second.empty())
            ++it;
        return it->second.front();
    }

    void push_back(task& t)
    {
        levels_[t.options->priority].push_back(t);
        ++size_;
    }

    void push_front(task& t)
    {
        levels_[t.options->priority].push_front(t);
        ++size_;
    }

    void remove(task& t)
    {
        const auto it = levels_.find(t.options->priority);
        it->second.remove(t);
        --size_;
        if (it->second.empty() && it->first != 0) // the usual level stays, so that the steady state allocates nothing
            levels_.erase(it);
    }

private:
    std::map<int, task_list, std::greater<>> levels_;
    std::size_t size_ = 0;
};

} // namespace tandem::schedule

#endif
