// A process pool from its construction to its end, with a user who does whatever can be done.
#include <simulate/scenarios.hpp>

#include <simulate/exploration.hpp>
#include <simulate/heap.hpp>
#include <simulate/loop.hpp>
#include <simulate/text_output.hpp>
#include <simulate/worker.hpp>
#include <simulate/world.hpp>

#include <schedule/replay.hpp>

#include <process_pool/pool.hpp>
#include <tandem/task.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

namespace simulate {
namespace {

using namespace std::chrono_literals;
using boost::asio::cancellation_type;
using tandem::errc;
using tandem::run_options;
using tandem::shutdown_mode;
using tandem::detail::completion_mode;
using tandem::detail::task_operation;
using tandem::detail::task_result;

constexpr std::size_t most_heap = std::size_t{64} << 20;
constexpr std::size_t most_steps = 20'000;
constexpr std::size_t output_room = 4000;
constexpr std::uint64_t shared_size = std::uint64_t{4} << 20;

int simulated_task(char)
{
    return 0;
}
void simulated_initializer() {}

/// What is known of a task.
struct record
{
    ending how = ending::returns;
    run_options options;
    unsigned begins = 0;
    time_point last_begin{};
    time_point last_end = time_point::max();
    int completions = 0;
    bool destroyed = false;
    bool only_total_came = false;    ///< `total` came when it had been begun, and nothing else that ends it
    bool something_else_came = false;
    bool is_withdrawn = false; ///< and must not begin
};

std::string name_of(std::uint64_t number)
{
    return "task " + std::to_string(number);
}

enum class extent
{
    full,
    small ///< few choices, for all orders
};

class pool_life final : public witness
{
public:
    explicit pool_life(world& w, extent e = extent::full, tandem::schedule::recording_sink recording = {})
        : world_(w), is_small_(e == extent::small), recording_(std::move(recording))
    {
    }
    ~pool_life()
    {
        is_ending_ = true;
        left_ = 0;
        if (pool_)
            pool_->close();
        world_.end_context();
    }

    void live();

private:
    class operation;
    class wait;

    tandem::process_pool_options options();
    void act_as_user();
    void submit();
    void cancel_one();
    void cancel_some();
    void start();
    void shut_down();
    void disturb_worker();
    void pass_on(const tandem::output_line& line);
    void check_shown() const;
    void completes(std::uint64_t number, const std::exception_ptr& error);
    void check_outcome(std::uint64_t number, const record& r, const std::exception_ptr& error) const;
    void run_user_code();
    void check();
    void check_starts();
    void check_watches();
    void run_dry();
    void end();
    void expect_all_complete(bool context_ended);

    void begins(std::uint64_t number) override
    {
        record& r = tasks_.at(number);
        ++r.begins;
        r.last_begin = world_.now();
        r.last_end = time_point::max();
        expect(r.begins <= r.options.retries + 1, name_of(number) + " is run more often than it may be");
        expect(r.completions == 0, name_of(number) + " is begun after it completed");
        expect(!r.is_withdrawn, name_of(number) + " is begun after it was cancelled with others");
    }

    void ends(std::uint64_t number) override { tasks_.at(number).last_end = world_.now(); }

    world& world_;
    const bool is_small_;
    tandem::schedule::recording_sink recording_;
    launcher* launcher_ = nullptr;
    std::string shown_; // on stderr
    bool is_shown_read_ = true;
    std::shared_ptr<tandem::detail::pool> pool_;
    std::map<std::uint64_t, record> tasks_;
    int waits_ = 0;
    int finished_waits_ = 0;
    int left_ = 0; // of what the user does
    std::chrono::nanoseconds stop_timeout_{0};
    bool is_closed_ = false;
    bool has_large_results_ = false; // which may be under way for long
    bool is_ending_ = false; // in the destructor, or with the context
};

/// Knows when it is destroyed without having been called.
class completion
{
public:
    explicit completion(bool& destroyed) : destroyed_(&destroyed) {}
    completion(completion&& other) noexcept : destroyed_(std::exchange(other.destroyed_, nullptr)) {}
    ~completion()
    {
        if (destroyed_)
            *destroyed_ = true;
    }
    void is_called() noexcept { destroyed_ = nullptr; }

private:
    bool* destroyed_;
};

class pool_life::operation final : public task_operation
{
public:
    operation(pool_life& l, std::uint64_t number, ending how)
        : task_operation(tandem::bound_task<simulated_task>::entry()), life_(l), number_(number)
    {
        id = number;
        cancellable = true;
        const simulated_arguments arguments{number, how};
        std::memcpy(bytes_.data() + tandem::detail::message_head_size, &arguments, sizeof arguments);
        message = bytes_;
    }

    void complete(completion_mode mode, const boost::asio::any_io_executor&, task_result outcome) override
    {
        pool_life& l = life_;
        const std::uint64_t number = number_;
        const std::exception_ptr error = outcome.error;
        outcome.large.reset();
        delete this;
        if (mode == completion_mode::dispatch) {
            l.completes(number, error);
            return;
        }
        auto held = std::make_shared<completion>(l.tasks_.at(number).destroyed);
        l.world_.make_ready("a completion", [&l, number, error, held] {
            held->is_called();
            l.completes(number, error);
        });
    }

    void destroy() noexcept override
    {
        life_.tasks_.at(number_).destroyed = true;
        delete this;
    }

private:
    pool_life& life_;
    const std::uint64_t number_;
    std::array<std::byte, tandem::detail::message_head_size + sizeof(simulated_arguments)> bytes_{};
};

class pool_life::wait final : public tandem::detail::wait_operation
{
public:
    explicit wait(pool_life& l) : life_(l) { ++life_.waits_; }
    void complete(completion_mode, std::exception_ptr) override
    {
        life_.world_.make_ready("a wait completes", [&l = life_] {
            ++l.finished_waits_;
            l.run_user_code();
        });
    }

private:
    pool_life& life_;
};

tandem::process_pool_options pool_life::options()
{
    tandem::process_pool_options o;
    o.workers = 1;
    o.worker = tandem::launch::executable("a simulated program"); // else messages look for its name
    o.shared_memory = 0;
    o.max_message_size = 1 << 20;
    o.output = tandem::worker_output::discard();
    if (is_small_)
        return o;
    choices& c = world_.choose();
    o.workers = 1 + c.below(3);
    if (c.one_in(4))
        o.retire.tasks = 1 + c.below(3);
    if (c.one_in(4))
        o.retire.idle = 1s;
    if (c.one_in(4))
        o.retire.age = 20s;
    if (c.one_in(6))
        o.retire.resident_memory = 1'000'000;
    if (c.one_in(4))
        o.output = tandem::worker_output::lines([this](const tandem::output_line& line) { pass_on(line); });
    else if (c.one_in(3))
        o.output = tandem::worker_output::inherit();
    is_shown_read_ = !c.one_in(4);
    if (c.one_in(8))
        o.initializer = tandem::task<simulated_initializer>();
    if (c.one_in(8))
        o.limits.address_space = std::size_t{1} << 40;
    if (c.one_in(4))
        o.stop_timeout = 0s;
    if (c.one_in(16))
        o.shared_memory = shared_size;
    return o;
}

// --- what the user does

void pool_life::act_as_user()
{
    --left_;
    switch (world_.choose().below(is_small_ ? 10 : 16)) {
    default:
        return submit();
    case 7:
    case 8:
        return cancel_one();
    case 9:
        world_.note("cancel_all");
        for (auto& [number, r] : tasks_)
            r.something_else_came = true;
        return pool_->cancel_all();
    case 10:
    case 11:
        return start();
    case 12:
    case 13:
    case 14:
        return disturb_worker();
    case 15:
        return world_.choose().one_in(3) ? shut_down() : submit();
    }
}

void pool_life::submit()
{
    choices& c = world_.choose();
    const std::uint64_t number = tasks_.size() + 1;
    const auto how = is_small_ || c.one_in(2) ? static_cast<ending>(c.below(endings)) : ending::returns;
    run_options o;
    if (needs_end(how) || (!is_small_ && c.one_in(6)))
        o.run_timeout = 1s;
    if (!is_small_) {
        if (c.one_in(6))
            o.queue_timeout = 2s;
        if (c.one_in(4))
            o.retries = 1 + c.below(2);
        if (o.retries != 0 && c.one_in(2))
            o.retry_delay = 0s;
        if (o.run_timeout != 0s && c.one_in(4))
            o.grace_period = 500ms;
    }
    world_.note("the user submits " + name_of(number) + ", which " + ending_names[static_cast<std::size_t>(how)] +
                (o.run_timeout != 0s ? ", with a run_timeout" : "") + (o.queue_timeout != 0s ? ", with a queue_timeout" : "") +
                (o.retries != 0 ? ", with retries" : ""));
    has_large_results_ = has_large_results_ || how == ending::returns_much;
    record& r = tasks_[number];
    r.how = how;
    r.options = o;
    auto* const made = new operation(*this, number, how);
    made->set(o);
    pool_->submit(made);
}

void pool_life::cancel_one()
{
    if (tasks_.empty())
        return;
    choices& c = world_.choose();
    if (!is_small_ && c.one_in(4))
        return cancel_some();
    const std::uint64_t number = 1 + c.below(tasks_.size());
    const std::array types{cancellation_type::total, cancellation_type::partial, cancellation_type::terminal};
    const std::array names{"total", "partial", "terminal"};
    const std::size_t type = c.below(types.size());
    world_.note("the user cancels " + name_of(number) + ": " + names[type]);
    record& r = tasks_.at(number);
    if (types[type] == cancellation_type::total && r.begins != 0)
        r.only_total_came = true;
    else
        r.something_else_came = true;
    pool_->cancel(number, types[type]);
}

// Those of one map: all of them or none.
void pool_life::cancel_some()
{
    std::vector<std::uint64_t> numbers;
    bool has_one_ended = false;
    for (const auto& [number, r] : tasks_)
        if (world_.choose().one_in(2)) {
            numbers.push_back(number);
            has_one_ended = has_one_ended || r.completions != 0 || r.begins != 0;
        }
    world_.note("the user cancels " + std::to_string(numbers.size()) + " together");
    const bool are_cancelled = pool_->cancel_unbegun(numbers);
    world_.note(are_cancelled ? "none had begun" : "one had begun");
    expect(!are_cancelled || !has_one_ended, "tasks are cancelled together, and one had begun");
    for (const std::uint64_t number : numbers) {
        record& r = tasks_.at(number);
        r.is_withdrawn = r.is_withdrawn || are_cancelled;
        (are_cancelled ? r.something_else_came : r.only_total_came) = true;
    }
}

void pool_life::start()
{
    world_.note("the user calls async_start");
    pool_->start(std::make_unique<wait>(*this));
}

void pool_life::shut_down()
{
    const std::array modes{shutdown_mode::drain, shutdown_mode::cancel_queued, shutdown_mode::stop, shutdown_mode::kill};
    const auto mode = modes[world_.choose().below(modes.size())];
    world_.note("the user calls async_shutdown, mode " + std::to_string(static_cast<int>(mode)));
    for (auto& [number, r] : tasks_)
        r.something_else_came = true;
    pool_->shutdown({.mode = mode}, std::make_unique<wait>(*this));
}

void pool_life::disturb_worker()
{
    const auto& all = launcher_->workers();
    if (all.empty())
        return submit();
    choices& c = world_.choose();
    worker& one = *all[c.below(all.size())];
    if (one.has_ended())
        return;
    switch (c.below(3)) {
    case 0:
        world_.note("somebody kills a worker");
        return one.kill_by_stranger();
    case 1:
        world_.note("somebody stops worker " + std::to_string(one.pid()));
        return one.stop();
    case 2:
        world_.note("a thread of worker " + std::to_string(one.pid()) + " prints");
        return one.print(line_size);
    }
}

// --- what the user sees

// No lock may be held now; the user's code does anything, and other threads go on meanwhile.
void pool_life::run_user_code()
{
    if (!pool_)
        return;
    pool_->stats(); // takes the lock
    if (left_ > 0 && world_.choose().one_in(3))
        act_as_user();
    world_.interleave();
}

void pool_life::pass_on(const tandem::output_line& line)
{
    expect(!is_closed_, "the output's callback is called after the destructor has returned");
    expect(!line.text.empty(), "a line is empty");
    run_user_code();
}

void pool_life::completes(std::uint64_t number, const std::exception_ptr& error)
{
    record& r = tasks_.at(number);
    ++r.completions;
    expect(r.completions == 1, name_of(number) + " completes twice");
    expect(!r.destroyed, name_of(number) + " completes after it was destroyed");
    check_outcome(number, r, error);
    run_user_code();
}

void pool_life::check_outcome(std::uint64_t number, const record& r, const std::exception_ptr& error) const
{
    const std::string name = name_of(number);
    if (!error) {
        world_.note(name + " succeeds");
        expect(r.begins != 0, name + " succeeds, and nobody ran it");
        expect(r.how <= ending::prints_much || r.how == ending::stops_when_asked || r.how == ending::returns_and_dies, name + " succeeds, which cannot be");
        return;
    }
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& e) {
        world_.note(name + " fails: " + e.code().message());
        if (e.code() == boost::asio::error::operation_aborted) {
            expect(!r.only_total_came || r.something_else_came || is_ending_,
                   name + " was begun, and is cancelled by total");
        } else if (e.code() == errc::run_timeout) {
            expect(r.options.run_timeout != 0s && r.last_begin + r.options.run_timeout <= world_.now(),
                   name + " fails before its run_timeout has passed since its begin");
            expect(has_large_results_ || r.last_end >= r.last_begin + r.options.run_timeout,
                   name + " had ended in time, and fails with a run_timeout");
        } else if (e.code() == errc::queue_timeout) {
            expect(r.options.queue_timeout != 0s && r.begins == 0, name + " has a queue_timeout after it was begun");
        } else if (e.code() == errc::worker_died) {
            expect(r.begins != 0, name + " fails with a worker that did not begin it");
            expect(has_large_results_ || r.last_end == time_point::max(),
                   name + " had ended, and fails with its worker");
        }
    } catch (const std::runtime_error&) {
        world_.note(name + " throws");
        expect(r.how == ending::throws, name + " throws, which cannot be");
    }
}

// --- what must hold

void pool_life::check()
{
    expect(world_.blocks() == 0, "the pool blocks its context");
    expect(heap::bytes() < most_heap, "the pool takes " + std::to_string(heap::bytes()) + " bytes");
    check_starts();
    if (world_.ready() == 0)
        check_watches();
}

// A worker that is killed while it is idle and nobody watches it is no failed start.
void pool_life::check_starts()
{
    std::size_t most = launcher_->failures();
    for (const auto& w : launcher_->workers())
        most += w->has_ended() && !w->ended_unseen() ? 1 : 0;
    const auto failures = pool_->stats().start_failures;
    expect(failures <= most, std::to_string(failures) + " starts have failed, where at most " + std::to_string(most) + " can have");
}

// Where no handler is ready, whatever can be read of a worker that has something to do, starts or ends is waited for.
void pool_life::check_watches()
{
    for (const auto& w : launcher_->workers()) {
        const std::string name = "worker " + std::to_string(w->pid());
        if (w->has_ended() || !w->out->has_reader || !w->is_awaited())
            continue;
        expect(w->log->bytes.empty() || !w->log->has_reader || w->log->reading.is_waiting(),
               name + ": nobody reads its log");
        expect(w->out->bytes.empty() || w->out->reading.is_waiting(), name + ": nobody reads its frames");
        expect(w->exit_waiter.is_waiting(), name + ": nobody waits for its end");
    }
}

// Each line is of one worker, who has a letter of its own, or tells of lines that were dropped. Only the last of a worker may
// be unfinished.
void pool_life::check_shown() const
{
    std::map<char, int> unfinished;
    std::istringstream shown(shown_.substr(0, shown_.rfind('\n') + 1));
    for (std::string line; std::getline(shown, line);) {
        if (line.starts_with("tandem: "))
            continue;
        expect(!line.empty() && std::ranges::count(line, line[0]) == std::ssize(line), "lines on stderr are mixed");
        if (line.size() + 1 != line_size)
            expect(++unfinished[line[0]] == 1, "a line on stderr is cut");
    }
}

void pool_life::expect_all_complete(bool context_ended)
{
    check_shown();
    for (const auto& [number, r] : tasks_)
        expect(r.completions + (r.destroyed ? 1 : 0) == 1 && (context_ended || !r.destroyed),
               name_of(number) + " never completes");
    expect(context_ended || waits_ == finished_waits_, "a wait never completes");
}

// Until there is nothing left to do: then run() returns.
void pool_life::run_dry()
{
    for (std::size_t i = 0; world_.step(); ++i) {
        check();
        expect(i < most_steps, "it goes on for ever");
    }
    const auto stats = pool_->stats();
    expect(stats.queued == 0 && stats.running == 0, "nothing happens any more, and tasks are left");
    expect_all_complete(false);
    expect(world_.waits() == 0 && !world_.has_alarms(), "nothing is to be done, and run() would not return");
}

void pool_life::end()
{
    choices& c = world_.choose();
    const auto how = c.below(4);
    if (how == 1) {
        world_.note("the context ends");
        is_ending_ = true;
        pool_->abandon();
        world_.end_context();
        if (c.one_in(2))
            submit();
        pool_.reset();
        return expect_all_complete(true);
    }
    if (how != 2)
        run_dry();
    world_.note("the pool is destroyed");
    is_ending_ = true;
    const auto core = pool_;
    std::vector<std::shared_ptr<worker>> alive = launcher_->workers();
    std::erase_if(alive, [](const auto& w) { return w->has_ended(); });
    pool_->close();
    for (const auto& w : alive)
        expect(stop_timeout_ == 0s || !w->was_killed_waiting(),
               "worker " + std::to_string(w->pid()) + " is killed by the destructor, as nobody reads what it writes");
    pool_.reset();
    is_closed_ = true;
    if (c.one_in(2)) {
        world_.note("the user submits to the closed pool");
        pool_ = core;
        submit();
        pool_.reset();
    }
    while (world_.step()) {
    }
    expect_all_complete(false);
    expect(world_.waits() == 0 && !world_.has_alarms(), "the pool is destroyed, and run() would not return");
}

void pool_life::live()
{
    const auto o = options();
    stop_timeout_ = o.stop_timeout;
    std::vector<std::string> tasks{tandem::bound_task<simulated_task>::entry().mangled_name(),
                                   tandem::bound_task<simulated_initializer>::entry().mangled_name()};
    auto starts = std::make_unique<launcher>(world_, std::move(tasks), *this, o.shared_memory);
    launcher_ = starts.get();
    auto arguments = o.shared_memory != 0 ? std::make_shared<tandem::arena::argument_memory>(o.shared_memory) : nullptr;
    pool_ = std::make_shared<tandem::detail::pool>(boost::asio::any_io_executor(executor(world_)), o,
                                                   std::make_unique<loop>(world_), std::move(starts), std::move(arguments),
                                                   std::make_unique<text_output>(world_, shown_, is_shown_read_),
                                                   std::move(recording_), output_room);
    left_ = is_small_ ? 3 : 12;
    const auto user = world_.add({.name = "the user acts",
                                  .can = [this] { return left_ > 0; },
                                  .act = [this] { act_as_user(); }});
    for (int i = 0; i != 150 && world_.step(); ++i)
        check();
    left_ = 0;
    world_.forget(user);
    end();
}

} // namespace

void live_as_pool(world& w)
{
    pool_life(w).live();
}

void live_as_small_pool(world& w)
{
    pool_life(w, extent::small).live();
}

void live_as_recorded_pool(world& w)
{
    std::string recording;
    {
        pool_life one(w, extent::full, [&recording](std::string_view text) {
            recording += text;
            return true;
        });
        one.live();
    } // then it has its end
    if (const char* const name = std::getenv("SIMULATE_RECORDING"))
        std::ofstream(name, std::ios::binary) << recording;
    const auto done = tandem::schedule::replay(recording);
    std::ostringstream difference;
    if (done.first)
        difference << *done.first;
    expect(!done.first, "its recording is replayed differently: " + difference.str());
    expect(done.is_whole, "its recording has no end");
}

} // namespace simulate
