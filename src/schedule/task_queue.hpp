// Waiting tasks by priority, then by age.
#ifndef TANDEM_SCHEDULE_TASK_QUEUE_HPP
#define TANDEM_SCHEDULE_TASK_QUEUE_HPP

#include <schedule/queue_levels.hpp>
#include <schedule/task_list.hpp>

#include <cstddef>
#include <memory>

namespace tandem::detail {

/// All tasks of a queue. They stay here, whoever comes to have the queue: so each is taken out without looking for it.
struct queued_tasks
{
    schedule::task_list plain{}; ///< of priority 0
    schedule::queue_levels others{};
};

} // namespace tandem::detail

namespace tandem::schedule {

class task_queue
{
public:
    bool empty() const noexcept { return size() == 0; }
    std::size_t size() const noexcept { return tasks_->plain.size() + tasks_->others.size(); }

    task* front() const noexcept
    {
        task* const first = tasks_->others.front();
        if (!first || (first->options->priority < 0 && !tasks_->plain.empty()))
            return tasks_->plain.front();
        return first;
    }

    void push_back(task& t) noexcept
    {
        t.queued = tasks_.get();
        if (t.options->priority == 0)
            tasks_->plain.push_back(t);
        else
            tasks_->others.push_back(t);
    }

    void push_front(task& t) noexcept
    {
        t.queued = tasks_.get();
        if (t.options->priority == 0)
            tasks_->plain.push_front(t);
        else
            tasks_->others.push_front(t);
    }

    /// The first one, which there is.
    void pop_front() noexcept { take_out(*front(), *tasks_); }

    /// From whatever queue it is in.
    static void remove(task& t) noexcept { take_out(t, *t.queued); }

    /// All of them, as a queue of their own. Takes no longer where there are more.
    task_queue take_all()
    {
        task_queue all;
        tasks_.swap(all.tasks_);
        return all;
    }

    void clear() noexcept
    {
        tasks_->plain = {};
        tasks_->others.clear();
    }

private:
    static void take_out(task& t, detail::queued_tasks& tasks) noexcept
    {
        t.queued = nullptr;
        if (t.options->priority == 0)
            tasks.plain.remove(t);
        else
            tasks.others.remove(t);
    }

    std::unique_ptr<detail::queued_tasks> tasks_ = std::make_unique<detail::queued_tasks>();
};

} // namespace tandem::schedule

#endif
