// A world in which the test chooses what happens next: handlers that are ready, steps of workers, time.
#ifndef TANDEM_TEST_SIMULATE_WORLD_HPP
#define TANDEM_TEST_SIMULATE_WORLD_HPP

#include <simulate/choices.hpp>
#include <simulate/trace.hpp>

#include <io/loop.hpp>
#include <io/pipe.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace simulate {

using tandem::io::continuation;
using tandem::io::time_point;

class world
{
public:
    world(choices source, trace& story) : choices_(std::move(source)), trace_(story) {}
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    ~world();

    choices& choose() noexcept { return choices_; }
    time_point now() const noexcept { return now_; }

    /// A handler that is ready. It is destroyed, and not called, where the world ends first.
    void make_ready(const char* what, std::function<void()> handler);

    /// Handlers that are ready now.
    std::size_t ready() const noexcept { return ready_.size(); }

    /// Something that may happen whenever it can: `can` says whether. Removed by forget().
    struct actor
    {
        std::string name;
        std::function<bool()> can;
        std::function<void()> act;
    };
    using actor_id = std::list<actor>::iterator;
    actor_id add(actor one) { return actors_.insert(actors_.end(), std::move(one)); }
    void forget(actor_id one) { actors_.erase(one); }

    /// Calls `expired` when time has come to `end`.
    struct alarm
    {
        time_point end;
        std::function<void()> expired;
    };
    using alarm_id = std::list<alarm>::iterator;
    alarm_id set(alarm one) { return alarms_.insert(alarms_.end(), std::move(one)); }
    void unset(alarm_id one) { alarms_.erase(one); }

    /// One thing happens. False where nothing can.
    bool step();

    /// What other threads do while this one is between two steps of its own: nothing, mostly.
    void interleave();

    /// One of the actors does something. False where none can.
    bool act();

    /// Those who wait for a pipe or for an end: they hold the context.
    std::size_t waits() const noexcept { return waits_; }
    void add_wait() noexcept { ++waits_; }
    void remove_wait() noexcept { --waits_; }
    bool has_alarms() const noexcept { return !alarms_.empty(); }

    /// How often a thread was blocked.
    std::size_t blocks() const noexcept { return blocks_; }
    void add_block() noexcept { ++blocks_; }

    /// Time goes on, and alarms expire. Nothing else happens meanwhile.
    void pass(std::chrono::nanoseconds time);

    boost::asio::execution_context& context() noexcept { return *context_; }

    /// Destroys the context with all handlers that are ready.
    void end_context();

    void note(std::string_view what) { trace_.add_line(what); }

private:
    struct shut_context : boost::asio::execution_context
    {
        using boost::asio::execution_context::shutdown;
    };

    void expire();
    std::vector<actor_id> able_actors();

    choices choices_;
    trace& trace_;
    std::size_t waits_ = 0;
    std::size_t blocks_ = 0;
    int other_threads_ = 0;
    time_point now_{std::chrono::seconds(1000)};
    struct ready_handler
    {
        const char* what;
        std::function<void()> handler;
    };
    std::deque<ready_handler> ready_;
    std::list<actor> actors_;
    std::list<alarm> alarms_;
    std::unique_ptr<shut_context> context_ = std::make_unique<shut_context>();
};

/// Asio's view of it: whatever is posted, deferred or dispatched is a handler that is ready. Never inside of the call.
class executor
{
public:
    explicit executor(world& w) : world_(&w) {}

    boost::asio::execution_context& query(boost::asio::execution::context_t /*property*/) const noexcept
    {
        return world_->context();
    }
    static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t /*property*/) noexcept
    {
        return boost::asio::execution::blocking.never;
    }
    template <class Function>
    void execute(Function&& function) const
    {
        auto held = std::make_shared<std::decay_t<Function>>(std::forward<Function>(function));
        world_->make_ready("handler", [held] { std::move (*held)(); });
    }

    bool operator==(const executor&) const = default;

private:
    world* world_;
};

} // namespace simulate

#endif
