#ifndef TANDEM_PROCESS_POOL_OPTIONS_HPP
#define TANDEM_PROCESS_POOL_OPTIONS_HPP

#include <tandem/launch.hpp>
#include <tandem/worker_initializer.hpp>
#include <tandem/worker_limits.hpp>
#include <tandem/worker_output.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tandem {

/// When a worker has served long enough: a successor is started, and when that is ready, the worker finishes what it
/// has and exits. For a while the pool has more processes than process_pool_options::workers, but no more that run a
/// task. Zero means: never.
struct retirement
{
    /// After so many tasks, and never more.
    std::uint64_t tasks = 0;

    /// So long after it became ready; looked at when there is something to do.
    std::chrono::nanoseconds age{0};

    /// When its resident memory is over so many bytes after a task. The worker looks once a millisecond at the most: of
    /// several tasks that end within one, after the first.
    std::uint64_t resident_memory = 0;

    /// When it had nothing to do for so long. It gets no successor until there is work. The pool then keeps the
    /// executor's context busy until its idle workers are gone. While async_start() waits, nobody is idle.
    std::chrono::nanoseconds idle{0};
};

/// No duration may be negative, and the bounds that are named below hold: else the pool's constructor throws
/// std::invalid_argument, which says what is wrong.
struct process_pool_options
{
    /// How many worker processes at the most; they start when there is work for them. Default: 0, which stands for
    /// usable_cpus(). At most 4,194,304: Linux has no more processes.
    std::size_t workers = 0;

    /// What a worker is. Default: this very program.
    launch::target worker = launch::self();

    /// What each worker runs before its first task: a bound task. A worker whose initializer throws has not started;
    /// what waits for it may fail with errc::initializer_failed (see start_attempts). What it leaves in
    /// this_worker::emplace() the tasks can reach. Default: nothing.
    worker_initializer initializer{};

    /// How long a worker may take, from the moment its process was started, to say hello, then to run the initializer,
    /// and later to begin a task; begun anew whenever it takes some of what it is sent. A worker that takes longer is
    /// killed, and its start has failed with errc::not_a_worker, initializer_failed or start_failed. What it said in time
    /// counts, also where the pool's context was too busy to hear it. Default: 10 s. Zero: no limit.
    std::chrono::nanoseconds start_timeout = std::chrono::seconds(10);

    /// After so many failed starts in a row, with no worker serving, what waits fails with the cause of the last one,
    /// and so does, at once, what is submitted until a start is tried again. Default: 3. At least 1. A start that
    /// cannot go better the next time (no such program) counts as all of them.
    unsigned start_attempts = 3;

    /// How long after a failed start the next one is tried; doubled for each in a row. Default: 10 ms.
    std::chrono::nanoseconds start_backoff = std::chrono::milliseconds(10);

    /// The longest that start_backoff grows to. Default: 10 s.
    std::chrono::nanoseconds start_backoff_limit = std::chrono::seconds(10);

    /// When workers are replaced. Default: never.
    retirement retire{};

    /// What a worker may take, and its surroundings. Default: as this process.
    worker_limits limits{};

    /// Where workers' stdout and stderr go. Default: to this process's stderr.
    worker_output output{};

    /// The largest encoded argument list or result, in bytes, shared memory included; a larger one is
    /// errc::message_too_large. Default: 1 GiB. At least 4 KiB and at most 4 GiB - 4 KiB.
    std::size_t max_message_size = std::size_t{1} << 30;

    /// The size of the shared memory for large values, in bytes: one for the arguments of all tasks, and one for each
    /// worker's results. A vector's elements or a string's characters of 64 KiB or more go there and are copied once
    /// on each side; what else a message has goes there where that is several kilobytes. Where there is no room, they go
    /// through the worker's pipe, which is a third as fast or less, and process_pool_stats::shared_memory_full counts. It is
    /// address space: memory is taken as values come, and of what is free again, 64 MiB are kept. It counts in control groups' limits. Default: 1 GiB, as max_message_size: a
    /// value of any size goes through it. Less where this process's own address space is limited (RLIMIT_AS): a quarter
    /// of that for all together. At most 16 TiB; what is not a multiple of 64 KiB is rounded down. 0: all goes through
    /// pipes, as with less than 128 KiB, and before Linux 5.14.
    std::size_t shared_memory = std::size_t{1} << 30;

    /// How long the pool's destructor waits for workers to end by themselves, what runs having been asked to stop,
    /// before it kills them. Default: 100 ms. Zero: killed at once.
    std::chrono::nanoseconds stop_timeout = std::chrono::milliseconds(100);
};

/// Workers that were retired, by reason.
struct retirement_counts
{
    std::uint64_t tasks = 0;
    std::uint64_t age = 0;
    std::uint64_t resident_memory = 0;
    std::uint64_t idle = 0;
};

/// A snapshot of a process pool.
struct process_pool_stats
{
    std::size_t workers = 0;         ///< processes that are starting, serving or ending
    std::size_t ready_workers = 0;   ///< of these, how many serve
    std::size_t queued = 0;          ///< tasks that wait for a worker, or for their retry
    std::size_t running = 0;         ///< tasks that a worker has
    std::uint64_t completed = 0;     ///< tasks that returned or threw, since the pool was made
    /// Tasks that completed with an error of tandem's or operation_aborted. Not those that were refused when they were
    /// submitted.
    std::uint64_t failed = 0;
    std::uint64_t retried = 0;       ///< runs that failed and were followed by another
    std::uint64_t workers_started = 0;
    std::uint64_t workers_died = 0;  ///< while they had a task
    std::uint64_t start_failures = 0;
    /// How often the shared memory had no room: for a large part of arguments or of a result, or for their message, which
    /// then went through a pipe.
    std::uint64_t shared_memory_full = 0;
    /// Lines that workers printed, and that did not get to this process's stderr, as it took no more (see
    /// worker_output::inherit()).
    std::uint64_t lines_dropped = 0;
    retirement_counts retired{};
};

} // namespace tandem

#endif
