// What a part of a process pool has around it, in the simulated world: nothing happens that the test does not ask for.
//
//   recorded_operation   a task that knows how it ended
//   recorded_wait        a wait that knows the same
//   recorded_events      runs the pool's events, and keeps what completes
//   unwatching_observer  looks at nothing
//   simulated_pool       the parts' state, with workers that say and do what the test lets them
#ifndef TANDEM_TEST_POOL_PARTS_SIMULATED_POOL_HPP
#define TANDEM_TEST_POOL_PARTS_SIMULATED_POOL_HPP

#include <simulate/loop.hpp>
#include <simulate/worker.hpp>
#include <simulate/world.hpp>
#include <support/recording.hpp>

#include <channel/shared_ring.hpp>
#include <process_pool/pool_events.hpp>
#include <process_pool/pool_state.hpp>
#include <process_pool/worker_watch.hpp>
#include <tandem/codec.hpp>
#include <tandem/task.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pool_parts {

using namespace std::chrono_literals;
using namespace tandem::detail;
using tandem::schedule::time_point;

inline int first_function(char)
{
    return 0;
}
inline int second_function(char)
{
    return 0;
}
inline const tandem::detail::task_entry& first_entry()
{
    return tandem::bound_task<first_function>::entry();
}
inline const tandem::detail::task_entry& second_entry()
{
    return tandem::bound_task<second_function>::entry();
}

class recorded_operation final : public task_operation
{
public:
    explicit recorded_operation(const task_entry& which = first_entry(), std::size_t arguments_size = 16)
        : task_operation(which), bytes_(message_head_size + arguments_size)
    {
        message = bytes_;
    }

    void complete(completion_mode, const boost::asio::any_io_executor&, task_result) override { ++completions; }
    void destroy() noexcept override { ++destructions; }

    int completions = 0;
    int destructions = 0;

private:
    std::vector<std::byte> bytes_;
};

class recorded_wait final : public wait_operation
{
public:
    explicit recorded_wait(int& destructions) : destructions_(destructions) {}
    ~recorded_wait() override { ++destructions_; }
    void complete(completion_mode, std::exception_ptr) override {}

private:
    int& destructions_;
};

class recorded_events final : public pool_events, public std::enable_shared_from_this<recorded_events>
{
public:
    explicit recorded_events(simulate::world& w) : world_(w) {}

    struct completion
    {
        task_operation* operation;
        std::string error; ///< as test::describe() says it
        std::vector<std::byte> message;
        int failed_in;
        bool has_large;
    };

    void run(event_ref event) override
    {
        const turn one(*this);
        if (is_closed) {
            return;
        }
        completion_batch completions;
        event(world_.now(), completions);
        if (after_each) {
            after_each();
        }
        ++runs;
        keep(completions);
    }

    bool ask(function_ref<bool(time_point now)> question) override
    {
        const turn one(*this);
        return !is_closed && question(world_.now());
    }

    std::shared_ptr<pool_events> shared() override { return {shared_from_this(), static_cast<pool_events*>(this)}; }

    void keep(completion_batch& completions)
    {
        while (auto* const task = completions.next()) {
            const auto message = completions.message_of(*task);
            completed.push_back({task->operation.release(),
                                 test::describe(task->error),
                                 {message.begin(), message.end()},
                                 task->failed_in,
                                 task->large != nullptr});
        }
        for (auto& [wait, error] : completions.waits) {
            completed_waits.push_back(test::describe(error));
        }
        completions.waits.clear();
    }

    std::function<void()> after_each; ///< event, under the lock
    bool is_closed = false;
    bool is_locked = false;
    int runs = 0;
    std::vector<completion> completed;
    std::vector<std::string> completed_waits; ///< their errors

private:
    /// Under the pool's lock, which is not recursive.
    struct turn
    {
        explicit turn(recorded_events& e) : events(e)
        {
            BOOST_REQUIRE(!events.is_locked);
            events.is_locked = true;
        }
        ~turn() { events.is_locked = false; }
        recorded_events& events;
    };

    simulate::world& world_;
};

/// For parts that only add to what is watched.
struct unwatching_observer final : worker_watch::observer
{
    void look_at_end(const link_ptr&, time_point, completion_batch&) override {}
    void look_at_frames(const link_ptr&, time_point, completion_batch&) override {}
    void look_at_log(const link_ptr&) override {}
};

/// Options under which nothing is printed, and error texts need no name of a program.
inline tandem::process_pool_options quiet_options()
{
    tandem::process_pool_options options;
    options.worker = tandem::launch::executable("a simulated program");
    options.output = tandem::worker_output::discard();
    options.max_message_size = std::size_t{1} << 20;
    options.shared_memory = 0;
    return options;
}

class simulated_pool : private tandem::schedule::sent_tasks, private simulate::witness
{
public:
    /// The scheduler has asked for so many workers: they are starting until the test launches them. `result_memory`: bytes
    /// for each; 0 for none.
    explicit simulated_pool(std::size_t workers = 1, const tandem::process_pool_options& options = quiet_options(),
                            std::uint64_t result_memory = 0)
        : state(options, {.workers = workers}, *this, nullptr, {}, {}),
          launcher(world, {first_entry().mangled_name(), second_entry().mangled_name()}, *this, result_memory)
    {
        state.scheduler.start_all(state.actions);
        state.actions.clear();
    }

    ~simulated_pool()
    {
        for (const auto& link : launched_) { // what waits holds them
            link->process->cancel_wait();
            link->close();
        }
        world.end_context();
    }

    /// A worker whose process runs and that has said nothing.
    link_ptr launch()
    {
        auto made = launcher.launch();
        const auto page = made.page;
        const auto id = static_cast<tandem::schedule::worker_id>(launched_.size() + 1);
        const auto link = std::make_shared<worker_link>(id, std::move(made), state.options.max_message_size);
        launched_.push_back(link);
        pages_.push_back(page);
        state.links.emplace(id, link);
        state.scheduler.worker_launched(id, world.now());
        return link;
    }

    /// A worker that can run both functions.
    link_ptr launch_ready()
    {
        const link_ptr link = launch();
        const tandem::channel::hello hello{.pid = link->process->pid(),
                                           .tasks = {first_entry().mangled_name(), second_entry().mangled_name()}};
        link->greet(hello, {}, {});
        link->frames.flush_now();
        worker(link).in->bytes.clear(); // it has read its settings
        link->at = worker_link::stage::ready;
        state.scheduler.worker_ready(link->id, world.now(), state.actions);
        return link;
    }

    simulate::worker& worker(const link_ptr& link) { return *launcher.workers()[link->id - 1]; }
    tandem::status::status_page& page(const link_ptr& link) { return *pages_[link->id - 1]; }

    /// The worker writes that, as far as its pipe has room.
    void write(const link_ptr& link, std::span<const std::byte> bytes) { worker(link).out->write(bytes); }
    void print(const link_ptr& link, std::string_view text) { worker(link).log->write(std::as_bytes(std::span(text))); }

    /// The worker closes what it writes its frames to, or prints to.
    void close(const std::shared_ptr<simulate::pipe>& output)
    {
        output->has_writer = false;
        output->wake();
    }

    /// The worker begins and ends what it was sent first.
    void run(const link_ptr& link, const task_operation& operation, std::chrono::nanoseconds took = 1us)
    {
        auto& slot = page(link).slots[operation.slot];
        BOOST_REQUIRE(slot.begin(operation.call, world.now()));
        slot.end(world.now() + took);
    }

    /// The frames that the worker has been sent and has not read.
    std::vector<std::pair<tandem::channel::frame_kind, std::uint64_t>> sent_to(const link_ptr& link)
    {
        std::vector<std::pair<tandem::channel::frame_kind, std::uint64_t>> found;
        const auto& bytes = worker(link).in->bytes;
        for (std::size_t at = 0; at != bytes.size();) {
            const auto frame = tandem::channel::frame_at(bytes, at);
            found.emplace_back(frame.kind, frame.id);
            at += size_of(frame);
        }
        return found;
    }

    /// Hands a task to the scheduler, which has a worker for it; whoever sends it does it then.
    void submit(recorded_operation& operation)
    {
        operation.id = ++last_id_;
        operation.bytes = static_cast<std::uint32_t>(operation.message.size());
        state.scheduler.submit(operation, world.now(), state.actions);
    }

    /// What the scheduler wants since the last call, such as "kill 1".
    std::vector<std::string> take_actions()
    {
        using kind = tandem::schedule::action::kind;
        static const std::map<kind, std::string> names{{kind::start_worker, "start "}, {kind::send, "send to "},
                                                       {kind::ask_to_stop, "ask "},    {kind::retire, "retire "},
                                                       {kind::kill, "kill "},          {kind::retry, "retry "},
                                                       {kind::complete, "complete "}};
        std::vector<std::string> wanted;
        for (const auto& a : std::exchange(state.actions, {})) {
            wanted.push_back(names.at(a.what) + std::to_string(a.worker));
        }
        return wanted;
    }

    /// Calls the handlers that are ready, and those that become ready meanwhile. Workers do nothing.
    void run_ready()
    {
        constexpr int most_steps = 10'000;
        for (int step = 0; world.ready() != 0; ++step) {
            BOOST_REQUIRE_MESSAGE(step != most_steps, "something is ready again and again");
            world.step();
        }
    }

    static simulate::trace& story()
    {
        static simulate::trace told;
        told.begin(0);
        return told;
    }

    simulate::world world{simulate::choices(std::vector<std::uint32_t>()), story()};
    simulate::loop loop{world};
    std::shared_ptr<recorded_events> events = std::make_shared<recorded_events>(world);
    pool_state state;
    simulate::launcher launcher;

private:
    void begins(std::uint64_t) override {}
    void ends(std::uint64_t) override {}

    bool revoke(tandem::schedule::task& t) override
    {
        auto& operation = operation_of(t);
        if (operation.slot == task_operation::no_slot) {
            return true;
        }
        worker_link& link = *state.links.at(t.worker);
        if (!link.slot_of(operation).revoke(operation.call)) {
            return false;
        }
        link.take_back_call(operation);
        return true;
    }
    tandem::schedule::task* split(tandem::schedule::task&) override { return nullptr; }
    tandem::schedule::task* split_first(tandem::schedule::task&, std::uint32_t) override { return nullptr; }
    std::optional<time_point> begun(const tandem::schedule::task& t) const override
    {
        const auto& operation = operation_of(t);
        return operation.slot == task_operation::no_slot
                   ? std::nullopt
                   : state.links.at(t.worker)->slot_of(operation).begun(operation.call);
    }
    std::optional<time_point> ended(const tandem::schedule::task&) const override { return std::nullopt; }

    std::vector<link_ptr> launched_;
    std::vector<std::shared_ptr<tandem::status::status_page>> pages_;
    std::uint64_t last_id_ = 0;
};

inline std::vector<std::byte> frame_bytes(tandem::channel::frame_kind kind, std::uint64_t id,
                                          std::span<const std::byte> payload = {})
{
    std::vector<std::byte> bytes;
    tandem::channel::append_frame(bytes, kind, id, payload);
    return bytes;
}

inline std::string join(const std::vector<std::string>& parts)
{
    std::string text;
    for (const auto& part : parts) {
        text += (text.empty() ? "" : ", ") + part;
    }
    return text;
}

} // namespace pool_parts

#endif
