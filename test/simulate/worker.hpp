// Simulated workers: they speak the real protocol, and misbehave where the choices say so.
#ifndef TANDEM_TEST_SIMULATE_WORKER_HPP
#define TANDEM_TEST_SIMULATE_WORKER_HPP

#include <simulate/pipe.hpp>
#include <simulate/task.hpp>
#include <simulate/world.hpp>

#include <arena/result_memory.hpp>
#include <channel/frame_reader.hpp>
#include <channel/hello.hpp>
#include <channel/shared_ring.hpp>
#include <io/process.hpp>
#include <process_pool/worker_launcher.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace simulate {

inline constexpr std::size_t line_size = 1000; ///< of what they print

/// Sees what workers really do.
class witness
{
public:
    virtual void begins(std::uint64_t number) = 0;
    virtual void ends(std::uint64_t number) = 0; ///< its outcome can be read from now on

protected:
    ~witness() = default;
};

class worker
{
public:
    worker(world& w, int pid, std::vector<std::string> tasks, witness& who);
    ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    int pid() const noexcept { return pid_; }
    bool has_ended() const noexcept { return ended_.has_value(); }
    const std::optional<tandem::io::exit_status>& end_status() const noexcept { return ended_; }

    void kill();
    void kill_by_stranger();
    void stop(); ///< SIGSTOP: somebody continues it at some time
    void print(std::size_t size); ///< whole lines
    void ask_to_stop(std::uint64_t id);
    void close_control();

    /// Whether it would go on if somebody read what it writes.
    bool waits_for_reader() const;
    bool was_killed_waiting() const noexcept { return was_killed_waiting_; }

    /// Whether the pool has something to wait for: the worker's start, the end of a call, the worker's end.
    bool is_awaited() const;
    /// A stranger killed it when it had nothing to do and nobody watched it: that is no failed start.
    bool ended_unseen() const noexcept { return ended_unseen_; }

    /// All that the pool gets of it.
    tandem::detail::launched_worker take_ends(std::unique_ptr<tandem::io::process> process, std::uint64_t result_memory);

    waiter exit_waiter;
    const std::shared_ptr<pipe> in, out, log;

private:
    struct call
    {
        std::uint64_t id;
        std::uint16_t slot;
        simulated_arguments arguments;
    };
    enum class stage
    {
        starting,
        greeted,
        ready
    };

    bool can_act() const;
    void act();
    void start();
    void ring();
    void end(const tandem::io::exit_status& how);
    void append(tandem::channel::frame_kind kind, std::uint64_t id, std::span<const std::byte> payload);
    bool flush();
    void read();
    void take(const tandem::channel::frame& f);
    void initialize();
    void begin();
    void finish();
    void deliver(tandem::channel::frame_kind kind, std::size_t size);
    void send_outcome(tandem::channel::frame_kind kind, std::uint64_t id, std::span<const std::byte> payload);

    world& world_;
    const int pid_;
    const std::vector<std::string> tasks_;
    witness& witness_;
    std::shared_ptr<tandem::status::status_page> page_;
    tandem::channel::ring_writer results_;
    std::optional<tandem::arena::result_writer> large_results_;
    tandem::channel::frame_reader frames_{1 << 20};
    std::vector<std::byte> unsent_;
    std::size_t unprinted_ = 0, printed_ = 0;
    std::deque<call> calls_; // the first one runs, where one does
    std::vector<std::uint64_t> asked_;
    stage stage_ = stage::starting;
    bool is_running_ = false, hangs_ = false, is_told_ = true, is_stopped_ = false;
    bool has_control_ = true, reports_memory_ = false, dies_after_output_ = false;
    bool was_killed_waiting_ = false, ended_unseen_ = false;
    std::optional<tandem::io::exit_status> ended_;
    world::actor_id actor_, continuation_;
};

/// Starts simulated workers, or fails to.
class launcher final : public tandem::detail::worker_launcher
{
public:
    /// `result_memory`: bytes for large results; 0 for none.
    launcher(world& w, std::vector<std::string> tasks, witness& who, std::uint64_t result_memory)
        : world_(w), tasks_(std::move(tasks)), witness_(who), result_memory_(result_memory)
    {
    }

    tandem::detail::launched_worker launch() override;

    const std::vector<std::shared_ptr<worker>>& workers() const noexcept { return workers_; }
    std::size_t failures() const noexcept { return failures_; }

private:
    world& world_;
    const std::vector<std::string> tasks_;
    witness& witness_;
    const std::uint64_t result_memory_;
    std::vector<std::shared_ptr<worker>> workers_;
    std::size_t failures_ = 0;
};

} // namespace simulate

#endif
