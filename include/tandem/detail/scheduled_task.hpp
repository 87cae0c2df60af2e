// The scheduler's view of a task. It lives inside the operation that it belongs to.
#ifndef TANDEM_DETAIL_SCHEDULED_TASK_HPP
#define TANDEM_DETAIL_SCHEDULED_TASK_HPP

#include <tandem/run_options.hpp>

#include <chrono>
#include <cstdint>

namespace tandem::detail {

/// How long a function's calls usually take, as far as that is known: a running mean.
class cost_estimate
{
public:
    bool is_known() const noexcept { return known_; }
    std::chrono::nanoseconds mean() const noexcept { return mean_; }

    /// Nothing: it was not measured.
    void add(std::chrono::nanoseconds took) noexcept
    {
        if (known_ && took <= std::chrono::nanoseconds::zero())
            return;
        // A sudden change shows after a few calls. One that is out of line does not count for much, as it may have lost
        // its processor to others meanwhile.
        constexpr std::chrono::nanoseconds nothing{250}; // so that a mean of zero can grow
        if (known_ && took / 4 - nothing > mean_)
            took = 4 * (mean_ + nothing);
        mean_ = known_ ? mean_ + (took - mean_) / 8 : took;
        known_ = true;
    }

private:
    std::chrono::nanoseconds mean_{0};
    bool known_ = false;
};

inline constexpr run_options default_run_options{};

struct queued_tasks;
struct scheduled_task;

/// A place in a tree (schedule/ordered_tree.hpp), which sets it.
struct tree_links
{
    std::uintptr_t parent; ///< its lowest bit is a colour
    tree_links* left;
    tree_links* right;
};

/// What only few tasks have: so it does not lie among what all need. A task has a deadline or a priority by its options only, and
/// so its places in trees are here.
struct task_options : run_options
{
    task_options() = default;
    explicit task_options(const run_options& wanted) : run_options(wanted) {}

    scheduled_task* task = nullptr; // set with a place
    std::chrono::steady_clock::time_point deadline{};
    tree_links place_by_deadline{};
    tree_links place_by_priority{};
};

/// Of all tasks that have none of their own. Never written.
inline constinit task_options no_options{};

/// What is needed of a task on its usual way lies together.
struct scheduled_task
{
    using time_point = std::chrono::steady_clock::time_point;

    enum class phase : std::uint8_t
    {
        waiting, ///< in the queue
        delayed, ///< until its next run may begin
        sent,    ///< to a worker, which may have begun it
        completed
    };

    // Set by whoever submits.
    std::uint64_t id = 0;
    task_options* options = &no_options; // whoever submits owns others, for this task alone
    cost_estimate* cost = nullptr;
    std::uint32_t items = 1; // calls in it, one after the other; zero where all were taken back

    // The scheduler's own.
    phase state = phase::waiting;
    bool asked = false;     // to stop, by its owner
    bool aborted = false;   // a terminal cancellation is under way
    bool timed_out = false; // its run_timeout passed
    bool alone = false;     // nothing is sent behind it
    bool has_deadline = false; // in `deadlines`
    std::uint32_t worker = 0;
    unsigned attempts = 0;
    std::uint32_t bytes = 0; // that go through its worker's pipe; set by whoever submits
    std::chrono::nanoseconds charged{0}; // to its worker's load
    time_point queue_deadline = time_point::max();
    scheduled_task* previous = nullptr;
    scheduled_task* next = nullptr;
    queued_tasks* queued = nullptr; // it is one of them
    scheduled_task* older = nullptr; // of all that its pool has
    scheduled_task* newer = nullptr;
};

} // namespace tandem::detail

#endif
