// The parent's side of one worker: its process, its frames, its status page, its log, and where it stands between start
// and end.
#ifndef TANDEM_PROCESS_POOL_WORKER_LINK_HPP
#define TANDEM_PROCESS_POOL_WORKER_LINK_HPP

#include <arena/argument_memory.hpp>
#include <channel/brief_wait.hpp>
#include <channel/channel.hpp>
#include <channel/hello.hpp>
#include <channel/shared_ring.hpp>
#include <process_pool/worker_launcher.hpp>
#include <process_pool/worker_log.hpp>
#include <schedule/scheduler.hpp>
#include <tandem/detail/task_operation.hpp>
#include <tandem/worker_initializer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tandem::detail {

class worker_link
{
public:
    worker_link(schedule::worker_id worker, launched_worker started, std::size_t max_message_size);

    /// The worker said what it is; answers with the settings, and with the initializer if there is one.
    void greet(const channel::hello& message, const channel::worker_settings& settings,
               const worker_initializer& initializer);

    bool knows(const task_entry& entry) { return position_of(entry) != unknown; }

    /// Appends a call to what is to be sent, and takes a slot for it. Arguments of some size go to `memory`, where there is
    /// any with room.
    /// `longest_untold`: how long the worker may keep what it has done, at most 2.5 ms.
    void append_call(task_operation& operation, arena::argument_memory* memory, std::chrono::nanoseconds longest_untold);

    /// The call was revoked. It leaves what is to be sent with the next remove_revoked().
    void take_back_call(task_operation& operation)
    {
        free_slot(operation);
        has_revoked_ = true;
    }

    /// Takes calls that were revoked out of what is to be sent, as far as nothing of them is sent.
    void remove_revoked();

    /// The operation's slot can be used again, and so can the memory of its stored arguments.
    void free_slot(task_operation& operation)
    {
        operation.drop_stored();
        free_slots_.push_back(std::exchange(operation.slot, task_operation::no_slot));
    }

    status::slot& slot_of(const task_operation& operation) { return page_->slots[operation.slot]; }

    /// What a call has printed is between two bytes of the log: the first, where it has begun, and the end, where it has ended.
    std::optional<std::uint64_t> output_begin(const task_operation& operation) const
    {
        if (operation.slot == task_operation::no_slot || !page_->slots[operation.slot].begun(operation.call))
            return std::nullopt;
        return page_->log_marks[operation.slot].begun.load(std::memory_order_relaxed);
    }
    std::optional<std::uint64_t> output_end(const task_operation& operation) const
    {
        return page_->log_marks[operation.slot].end_of(operation.call);
    }

    const status::status_page& page() const { return *page_; }

    /// Where its large results lie; nothing where they come through the pipe.
    const std::shared_ptr<arena::result_memory>& large_results() const noexcept { return large_results_; }

    /// Whether the worker, when it has done what it has, may look for more for a moment before it sleeps.
    void let_worker_stay_awake(bool may) noexcept;

    /// What was sent can be read now.
    void tell_sent() noexcept;

    /// Asks the worker's watcher to stop the task, which may have ended meanwhile.
    void ask_to_stop(const task_operation& operation) noexcept;

    /// The end of the frames tells a worker to exit when it has done what it has.
    void end_frames() noexcept { frames.close_out(); }

    /// The pipes' end tells an idle worker to exit, and ends a busy one.
    void let_go() noexcept;

    /// Ends the worker with its process group. Where that is not for this program to do, its own watcher does it.
    void kill() noexcept
    {
        if (!process->kill())
            let_go();
    }

    /// Gives up the pipes.
    void close() noexcept;

    enum class stage
    {
        started,
        greeted, ///< it said what it is
        ready    ///< for tasks
    };

    const schedule::worker_id id;
    const std::unique_ptr<io::process> process;
    channel::channel frames;
    channel::ring_reader results;
    bool next_is_in_pipe = false; ///< of the results
    worker_log log;
    stage at = stage::started;
    std::optional<io::exit_status> ended; ///< set when it was reaped
    bool waiting = false;                     ///< for its end
    bool is_watched = false;                  ///< by the pool's worker_watch
    bool is_unflushed = false;                ///< calls were appended
    bool is_urgent = false;                   ///< and it has nothing else to do
    std::chrono::nanoseconds longest_untold_among_many{0}; ///< of these calls, where further tasks wait
    bool is_looked_at = false;                ///< for results
    bool is_held = false; ///< there is no room for what it prints: neither that nor its outcomes are read
    schedule::time_point heard{};             ///< when the last of an outcome came through the pipe
    channel::brief_wait answer;               ///< to what was urgent
    std::uint64_t lines_dropped = 0;          ///< of what it printed: stderr took no more
    bool wrong_version = false;
    bool failure_told = false; ///< why it cannot serve is known
    bool silent = false;       ///< its end of the frames is closed
    bool fault_is_ours = false; ///< or the system's: no memory
    std::string fault;         ///< what it did wrong

private:
    static constexpr std::uint32_t unknown = 0xffff'ffff;

    // In the worker's list of tasks.
    std::uint32_t position_of(const task_entry& entry) { return last_entry_ == &entry ? last_position_ : find(entry); }
    std::uint32_t find(const task_entry& entry);

    const std::shared_ptr<status::status_page> page_;
    const std::shared_ptr<arena::result_memory> large_results_; // lives as long as a result lies there
    const std::unique_ptr<worker_control> control_;
    std::unordered_map<std::string_view, std::uint32_t> positions_by_name_;
    const task_entry* last_entry_ = nullptr; // that was asked for: mostly it is the next one as well
    std::uint32_t last_position_ = 0;
    std::vector<std::string> names_;
    std::vector<std::uint32_t> free_slots_; // the last one back is the first one out
    std::uint32_t next_slot_ = 0;           // of those never used
    std::uint64_t next_call_ = 1;
    std::uint32_t calls_to_send_ = 0; // ever; without those that were taken back in time
    bool has_revoked_ = false;
};

} // namespace tandem::detail

#endif
