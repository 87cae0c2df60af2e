// Memory that pool and worker share: what becomes of each task that was sent, and what a worker's end left to tell.
// Both sides change it without asking each other, and the pool believes nothing in it but what concerns this worker's
// own tasks.
#ifndef TANDEM_STATUS_STATUS_PAGE_HPP
#define TANDEM_STATUS_STATUS_PAGE_HPP

#include <channel/shared_ring.hpp>
#include <worker/crash_record.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace tandem::status {

using time_point = std::chrono::steady_clock::time_point; // of one clock for all processes

/// What a worker says is a time: moved to where no difference from another time, and no sum with a limit, overflows.
constexpr time_point bounded_time(std::int64_t nanoseconds) noexcept
{
    constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max() / 4; // 73 years after the machine's start
    return time_point(std::chrono::nanoseconds(std::clamp<std::int64_t>(nanoseconds, 0, latest)));
}

/// One task: sent, then either begun by the worker or revoked by the pool; whoever is first by compare-and-swap. A slot
/// can be used again at once: a call is known by its id, so a worker that finds another one's leaves it alone.
class slot
{
public:
    // --- the pool's side
    void send(std::uint64_t id, std::uint32_t items) noexcept
    {
        items_.store(items, std::memory_order_relaxed);
        word_.store(word(id, sent), std::memory_order_release);
    }

    /// True where the worker has not begun it and never will.
    bool revoke(std::uint64_t id) noexcept
    {
        std::uint64_t expected = word(id, sent);
        return word_.compare_exchange_strong(expected, word(id, revoked), std::memory_order_acq_rel);
    }

    /// Neither begun nor revoked.
    bool is_sent(std::uint64_t id) const noexcept { return word_.load(std::memory_order_relaxed) == word(id, sent); }

    std::optional<time_point> begun(std::uint64_t id) const noexcept
    {
        if (word_.load(std::memory_order_acquire) != word(id, taken))
            return std::nullopt;
        return bounded_time(begun_at_.load(std::memory_order_relaxed));
    }

    /// Of a sequence of calls that was begun: no more of them begin. How many have, as the worker says.
    std::uint32_t close_items() noexcept
    {
        std::uint64_t now = items_.load(std::memory_order_acquire);
        while (!items_.compare_exchange_weak(now, items(begun_of(now), begun_of(now)), std::memory_order_acq_rel)) {
        }
        return begun_of(now);
    }

    /// When the worker had done it, where its outcome is under way.
    std::optional<time_point> ended(std::uint64_t id) const noexcept
    {
        const auto since = begun(id);
        const time_point until = bounded_time(ended_at_.load(std::memory_order_acquire));
        return since && until > *since ? std::optional(until) : std::nullopt; // else it is of a task before
    }

    /// From its begin to its end, as the worker says; for a task whose outcome has come. Of a sequence with begin_next(), its
    /// last call.
    std::chrono::nanoseconds took() const noexcept
    {
        return bounded_time(ended_at_.load(std::memory_order_relaxed)) -
               bounded_time(begun_at_.load(std::memory_order_relaxed));
    }

    // --- the worker's side
    /// False where it was revoked.
    bool begin(std::uint64_t id, time_point now) noexcept
    {
        begun_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
        std::uint64_t expected = word(id, sent);
        return word_.compare_exchange_strong(expected, word(id, taken), std::memory_order_acq_rel);
    }

    /// Of a sequence whose calls have a deadline each: the next one begins, if begin_item() says so.
    void begin_next(time_point now) noexcept { begun_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }

    /// Of a sequence: false where no call is left to begin.
    bool begin_item() noexcept
    {
        std::uint64_t now = items_.load(std::memory_order_relaxed);
        do {
            if (begun_of(now) >= static_cast<std::uint32_t>(now))
                return false;
        } while (!items_.compare_exchange_weak(now, now + (std::uint64_t{1} << 32), std::memory_order_acq_rel));
        return true;
    }

    void end(time_point now) noexcept
    {
        ended_at_.store(now.time_since_epoch().count(), std::memory_order_release);
    }

private:
    enum state : std::uint64_t
    {
        sent = 1,
        taken = 2,
        revoked = 3
    };
    static constexpr std::uint64_t word(std::uint64_t id, state s) noexcept { return id << 2 | s; }

    static constexpr std::uint64_t items(std::uint32_t begun, std::uint32_t all) noexcept
    {
        return std::uint64_t{begun} << 32 | all;
    }
    static constexpr std::uint32_t begun_of(std::uint64_t items) noexcept
    {
        return static_cast<std::uint32_t>(items >> 32);
    }

    std::atomic<std::uint64_t> word_;
    std::atomic<std::uint64_t> items_; // of a sequence: begun, and all
    std::atomic<std::int64_t> begun_at_;
    std::atomic<std::int64_t> ended_at_;
};

/// As many tasks as a worker holds at the most; 32 KiB.
inline constexpr std::size_t slot_count = 1024;

/// How often a worker looks at what it uses: in so much time no task fills more than some tens of MiB of new memory.
inline constexpr std::chrono::milliseconds usage_interval{1};

/// For a worker that looks for tasks for a moment before it sleeps. The pool's.
struct task_sign
{
    alignas(64) std::atomic<std::uint32_t> sent;  ///< how many calls, in all
    std::atomic<std::uint32_t> may_stay_awake;    ///< not zero while that pays
};

/// How far the pool has read what the worker prints, where it is to be known which task printed it. The pool's.
struct log_position
{
    alignas(64) std::atomic<std::uint64_t> turn; ///< odd while the pool reads
    std::atomic<std::uint64_t> read;             ///< bytes ever

    /// Around a read of the log.
    void begin_read() noexcept { turn.fetch_add(1, std::memory_order_seq_cst); }
    void end_read(std::size_t size) noexcept
    {
        read.fetch_add(size, std::memory_order_seq_cst);
        turn.fetch_add(1, std::memory_order_seq_cst);
    }
};

/// How many bytes had been printed when the call in a slot began, and when it ended. The worker's.
struct log_mark
{
    std::atomic<std::uint64_t> call; ///< of which `ended` is
    std::atomic<std::uint64_t> begun;
    std::atomic<std::uint64_t> ended;

    void end(std::uint64_t id, std::uint64_t printed) noexcept
    {
        ended.store(printed, std::memory_order_relaxed);
        call.store(id, std::memory_order_release);
    }

    /// Nothing where it has not ended.
    std::optional<std::uint64_t> end_of(std::uint64_t id) const noexcept
    {
        if (call.load(std::memory_order_acquire) != id)
            return std::nullopt;
        return ended.load(std::memory_order_relaxed);
    }
};

/// All zero at first.
struct status_page
{
    std::array<slot, slot_count> slots;
    /// CPU time of the worker process, in nanoseconds, at most usage_interval of CPU time before it began its last
    /// task.
    std::atomic<std::int64_t> cpu_time;
    /// Of the worker process after a task that ended less than usage_interval before its last one did, or that one, in
    /// bytes; only where somebody asked for it.
    std::atomic<std::uint64_t> resident_memory;
    /// Not zero where the worker ended itself, since its resident memory was over the limit.
    std::atomic<std::uint32_t> over_memory_limit;
    worker::crash_record crash;
    channel::shared_ring results; ///< and failures, of tasks
    task_sign tasks;
    log_position log;
    std::array<log_mark, slot_count> log_marks; ///< of the slots
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

} // namespace tandem::status

#endif
