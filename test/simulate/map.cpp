// Maps over pools that do what pools may do, in any order: the process map's messages, calls on threads one by one, and
// slices of contiguous elements. Where a map runs code of its user's, other threads may go on meanwhile.
#include <simulate/scenarios.hpp>

#include <simulate/exploration.hpp>
#include <simulate/world.hpp>

#include <tandem/detail/process_map_operation.hpp>
#include <tandem/detail/thread_map_operation.hpp>
#include <tandem/task.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace simulate {
namespace maps {
namespace {

namespace asio = boost::asio;
namespace detail = tandem::detail;
using asio::cancellation_type;
using detail::completion_mode;

class map_life;
map_life* living = nullptr; // whose elements there are

// --- what the user has: elements, a range, a function, a handler

/// What a user's function and types may do.
enum class moment
{
    reading,
    stepping,
    comparing,
    copying,
    moving,
    encoding,
    decoding,
    calling
};
inline constexpr std::size_t moments = 8;

void pass(moment what, int map, int index);

struct element
{
    int map = -1;
    int index = -1;

    element() { ++live; }
    element(int m, int i) : map(m), index(i) { ++live; }
    element(const element& other) : map(other.map), index(other.index)
    {
        pass(moment::copying, map, index);
        ++live;
    }
    element(element&& other) noexcept : map(other.map), index(other.index) { ++live; }
    element& operator=(const element&) = default;
    element& operator=(element&& other)
    {
        pass(moment::moving, other.map, other.index);
        map = other.map;
        index = other.index;
        return *this;
    }
    ~element() { --live; }

    template <class Archive>
    void save(Archive& archive) const
    {
        pass(moment::encoding, map, index);
        archive(map, index);
    }
    template <class Archive>
    void load(Archive& archive)
    {
        archive(map, index);
        pass(moment::decoding, map, index);
    }

    static inline int live = 0;
};

constexpr int offset = 1000;

// In a worker.
element work(element argument)
{
    return {argument.map, argument.index + offset};
}

/// The same on a thread.
struct calling_function
{
    element operator()(element argument) const
    {
        pass(moment::calling, argument.map, argument.index);
        return {argument.map, argument.index + offset};
    }
};

class source
{
public:
    class iterator
    {
    public:
        using value_type = element;
        using difference_type = std::ptrdiff_t;

        iterator() = default;
        iterator(const source* s, int index) : source_(s), index_(index) {}

        element operator*() const
        {
            pass(moment::reading, source_->map_, index_);
            return {source_->map_, index_};
        }
        iterator& operator++()
        {
            pass(moment::stepping, source_->map_, index_);
            ++index_;
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const
        {
            pass(moment::comparing, source_->map_, index_);
            return index_ == source_->count_;
        }

    private:
        const source* source_ = nullptr;
        int index_ = 0;
    };

    source(int map, int count) : map_(map), count_(count) {}

    iterator begin() const { return {this, 0}; }
    std::default_sentinel_t end() const { return {}; }

private:
    int map_, count_;
};

/// The same of known size.
struct sized_source : source
{
    sized_source(int map, int count) : source(map, count), elements(static_cast<std::size_t>(count)) {}
    std::size_t size() const { return elements; }
    std::size_t elements;
};

struct map_record
{
    int number = 0;
    int count = 0;
    std::size_t in_flight = 0;
    moment throws_at{};
    int throws_for = -1; // the element
    int completions = 0;
    bool succeeded = false;
    bool has_thrown = false;  // user code
    bool is_cancelled = false;
    bool is_cancelled_for_good = false; // also where something has begun
    bool is_in_slices = false;   // which look at a failure once in a while only
    bool is_called_one_by_one = false; // and each is known to have begun at once
    bool must_not_begin = false; // any further element
    std::size_t under_way = 0; // elements that the pool has
    std::vector<int> runs;     // of each element
    asio::cancellation_signal signal;
};

class handler
{
public:
    using cancellation_slot_type = asio::cancellation_slot;

    explicit handler(std::shared_ptr<map_record> r) : record_(std::move(r)) {}

    cancellation_slot_type get_cancellation_slot() const noexcept { return record_->signal.slot(); }

    void operator()(const std::exception_ptr& error, const std::vector<element>& results);

private:
    std::shared_ptr<map_record> record_; // as long as it was not destroyed
};

// --- pools

/// A process pool that runs, takes back, refuses and completes what it likes.
class any_process_pool final : public detail::process_pool_core
{
public:
    explicit any_process_pool(map_life& l) : life_(l) {}

    void submit(detail::task_operation* operation) override;
    std::uint64_t next_id() noexcept override { return ++last_id_; }
    std::unique_ptr<detail::large_writer> large_arguments() override { return nullptr; }
    void cancel(std::uint64_t id, cancellation_type type) override;
    void cancel_all() override {}
    bool cancel_unbegun(std::span<const std::uint64_t> ids) override;
    void start(std::unique_ptr<detail::wait_operation>) override {}
    void shutdown(const tandem::shutdown_options&, std::unique_ptr<detail::wait_operation>) override {}
    void close() noexcept override;
    std::uint32_t calls_at_once(const detail::task_entry&) const override;
    std::size_t size() const noexcept override { return workers; }
    std::size_t max_message_size() const noexcept override { return 200; }
    tandem::process_pool_stats stats() const override { return {}; }

    bool can_act() const { return !calls_.empty(); }
    void act();
    void abandon();

    std::size_t workers = 1;

private:
    struct call
    {
        detail::task_operation* operation;
        std::vector<int> elements; // that are left in it
        int map = 0;
        bool is_taken = false; // by a worker
        std::uint32_t begun = 0;
    };
    using call_ptr = std::list<call>::iterator;

    call read(detail::task_operation* operation) const;
    void begin_element(call& c);
    detail::task_operation* take_out(call& c);
    void take_back(call& c);
    void finish(call_ptr c);
    void complete(completion_mode mode, const call& c, detail::task_result outcome);
    void fail(completion_mode mode, call_ptr c, const char* why);

    map_life& life_;
    mutable std::mutex mutex_; // as the pool has one
    std::list<call> calls_;
    std::uint64_t last_id_ = 0;
    bool is_closed_ = false;
};

/// Threads that run what they are given.
class any_thread_pool
{
public:
    using executor_type = executor;

    explicit any_thread_pool(map_life& l) : life_(l) {}

    executor_type get_executor() const noexcept;
    std::size_t size() const noexcept { return threads; }

    template <class Work, class Handler>
    void async_run(Work work, const tandem::run_options&, Handler handler)
    {
        async_run(std::move(work), std::move(handler));
    }
    template <class Work, class Handler>
    void async_run(Work work, Handler handler);

    bool can_act() const { return !queue_.empty() && running_ < threads; }
    void act();
    void abandon() { queue_.clear(); }

    std::size_t threads = 1;

private:
    struct item
    {
        std::uint64_t id;
        std::shared_ptr<std::function<void(std::exception_ptr)>> run; // or completes with the error
    };
    void cancel(std::uint64_t id);

    map_life& life_;
    std::deque<item> queue_;
    std::uint64_t last_id_ = 0;
    std::size_t running_ = 0;
};

/// Slices end at any time.
struct any_clock
{
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<any_clock, duration>;
    static time_point now();
};

// --- one life

class map_life
{
public:
    explicit map_life(world& w) : world_(w), processes_(std::make_shared<any_process_pool>(*this)), threads_(*this)
    {
        living = this;
    }
    ~map_life()
    {
        end_context();
        living = nullptr;
    }

    void live();

    world& here() noexcept { return world_; }
    choices& choose() noexcept { return world_.choose(); }
    map_record& record(int map) { return *records_.at(static_cast<std::size_t>(map)); }
    void act_as_user();
    bool has_more_to_do() const noexcept { return left_ > 0; }

    /// User code cannot throw what ends the run: the map would take it for a failure of its own.
    void check(bool holds, const std::string& what)
    {
        if (!holds && fault_.empty())
            fault_ = what;
    }

    /// What other threads do meanwhile.
    void interleave();
    void pass(moment what, int map, int index);
    void begin_element(int map, int index);

    struct quiet // neither throws user code nor does anybody else anything
    {
        explicit quiet(map_life& l) : life(l) { ++life.quiet_; }
        ~quiet() { --life.quiet_; }
        map_life& life;
    };

private:
    void begin_map();
    template <class Range>
    void begin_on_processes(std::shared_ptr<map_record> r, Range range);
    void cancel(map_record& r);
    void step_on();
    void expect_all_complete(bool context_ended);
    void end_context();

    world& world_;
    std::vector<std::shared_ptr<map_record>> records_;
    std::shared_ptr<any_process_pool> processes_;
    any_thread_pool threads_;
    std::string fault_;
    int quiet_ = 0;
    int depth_ = 0;
    int left_ = 0;
    bool pool_is_closed_ = false;
};

void pass(moment what, int map, int index)
{
    living->pass(what, map, index);
}

void map_life::pass(moment what, int map, int index)
{
    if (map < 0 || quiet_ != 0)
        return;
    map_record& r = record(map);
    if (what == moment::calling)
        begin_element(map, index);
    interleave();
    const int number = index % offset; // a result is known by its argument
    if (r.throws_at == what && r.throws_for == number) {
        r.has_thrown = true;
        world_.note("map " + std::to_string(map) + ": element " + std::to_string(number) + " throws");
        throw std::runtime_error("user code");
    }
}

void map_life::interleave()
{
    if (quiet_ != 0 || depth_ == 2)
        return;
    ++depth_;
    while (choose().one_in(8) && world_.step()) {
    }
    --depth_;
}

void map_life::begin_element(int map, int index)
{
    map_record& r = record(map);
    const std::string name = "map " + std::to_string(map) + ": element " + std::to_string(index);
    check(r.completions == 0, name + " begins when the map has completed");
    check(!r.must_not_begin, name + " begins after a failure or a cancellation");
    check(++r.runs.at(static_cast<std::size_t>(index)) == 1, name + " runs twice");
}

void handler::operator()(const std::exception_ptr& error, const std::vector<element>& results)
{
    map_life& l = *living;
    map_record& r = *record_;
    const std::string name = "map " + std::to_string(r.number);
    ++r.completions;
    r.succeeded = !error;
    l.here().note(name + (error ? " fails" : " succeeds"));
    l.check(r.completions == 1, name + " completes twice");
    l.check(r.under_way == 0, name + " completes while calls are under way");
    if (!error) {
        l.check(results.size() == static_cast<std::size_t>(r.count), name + " has too few results or too many");
        for (std::size_t i = 0; i != results.size(); ++i)
            l.check(results[i].map == r.number && results[i].index == static_cast<int>(i) + offset,
                    name + " has a wrong result at " + std::to_string(i));
    }
    if (l.has_more_to_do() && l.choose().one_in(3))
        l.act_as_user();
}

any_clock::time_point any_clock::now()
{
    static std::chrono::nanoseconds time{0};
    time += std::chrono::microseconds(living->choose().one_in(3) ? 300 : 1);
    return time_point(time);
}

// --- the process pool

any_process_pool::call any_process_pool::read(detail::task_operation* operation) const
{
    const map_life::quiet no_other(life_);
    call c{.operation = operation, .elements = {}};
    detail::call_sequence arguments(operation->message.subspan(detail::message_head_size));
    while (const auto one = arguments.next()) {
        const auto e = detail::decode_value<element>(*one, nullptr);
        c.map = e.map;
        c.elements.push_back(e.index);
    }
    life_.check(c.elements.size() == operation->items, "a message has other calls than it says");
    return c;
}

void any_process_pool::submit(detail::task_operation* operation)
{
    call c = read(operation);
    map_record& r = life_.record(c.map);
    r.under_way += c.elements.size();
    const std::string name = "map " + std::to_string(r.number);
    life_.check(r.in_flight == 0 || r.under_way <= r.in_flight,
                name + " has " + std::to_string(r.under_way) + " under way and may have " + std::to_string(r.in_flight));
    life_.here().note(name + " sends " + std::to_string(c.elements.size()) + " from " + std::to_string(c.elements.at(0)));
    if (is_closed_) {
        const auto refused = std::make_exception_ptr(tandem::task_error(tandem::errc::pool_closed, ""));
        complete(completion_mode::immediate, c, {refused, {}});
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        calls_.push_back(std::move(c));
    }
    life_.interleave();
}

std::uint32_t any_process_pool::calls_at_once(const detail::task_entry&) const
{
    const std::lock_guard lock(mutex_);
    return 1 + life_.choose().below(4);
}

// Of the calls in it that have not begun. Under the lock.
detail::task_operation* any_process_pool::take_out(call& c)
{
    if (!c.is_taken || c.begun == c.elements.size() || c.elements.size() == 1)
        return nullptr;
    detail::task_operation* const rest = c.operation->split(c.begun);
    life_.here().note("map " + std::to_string(c.map) + ": calls from " + std::to_string(c.elements[c.begun]) +
                      " on are taken back");
    c.elements.erase(c.elements.begin() + c.begun, c.elements.end());
    return rest;
}

void any_process_pool::take_back(call& c)
{
    const std::lock_guard lock(mutex_);
    if (detail::task_operation* const rest = take_out(c))
        calls_.push_front(read(rest));
}

void any_process_pool::cancel(std::uint64_t id, cancellation_type type)
{
    std::vector<call> aborted;
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::ranges::find_if(calls_, [id](const call& c) { return c.operation->id == id; });
        if (found == calls_.end())
            return;
        if (detail::task_operation* const rest = take_out(*found))
            aborted.push_back(read(rest));
        if (!found->is_taken || (type & cancellation_type::terminal) != cancellation_type::none) {
            aborted.push_back(std::move(*found));
            calls_.erase(found);
        }
    }
    for (const call& c : aborted)
        complete(completion_mode::post, c,
                 {std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted)), {}});
    // As a pool that has room now looks for work that waits behind other work.
    if (!calls_.empty() && life_.choose().one_in(3))
        take_back(*std::next(calls_.begin(), life_.choose().below(calls_.size())));
}

bool any_process_pool::cancel_unbegun(std::span<const std::uint64_t> ids)
{
    std::vector<call> aborted;
    {
        const std::lock_guard lock(mutex_);
        std::vector<call_ptr> found;
        for (const std::uint64_t id : ids)
            found.push_back(std::ranges::find_if(calls_, [id](const call& c) { return c.operation->id == id; }));
        if (std::ranges::any_of(found, [this](call_ptr c) { return c == calls_.end() || c->is_taken; }))
            return false;
        for (const call_ptr c : found) {
            aborted.push_back(std::move(*c));
            calls_.erase(c);
        }
    }
    for (const call& c : aborted)
        complete(completion_mode::post, c,
                 {std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted)), {}});
    return true;
}

void any_process_pool::begin_element(call& c)
{
    life_.begin_element(c.map, c.elements.at(c.begun));
    ++c.begun;
}

void any_process_pool::act()
{
    const auto chosen = std::next(calls_.begin(), life_.choose().below(std::min(calls_.size(), workers)));
    switch (life_.choose().below(8)) {
    default:
        if (!std::exchange(chosen->is_taken, true) && chosen->elements.size() > 1)
            return; // between this and the first of them, others may act
        if (chosen->begun != chosen->elements.size())
            return begin_element(*chosen);
        return finish(chosen);
    case 5:
        chosen->is_taken = true;
        while (chosen->begun != chosen->elements.size())
            begin_element(*chosen);
        return finish(chosen);
    case 6:
        return take_back(*chosen);
    case 7:
        if (life_.choose().one_in(4))
            fail(completion_mode::dispatch, chosen, "a worker dies");
        return;
    }
}

void any_process_pool::finish(call_ptr c)
{
    std::vector<std::byte> result;
    {
        const map_life::quiet no_other(life_);
        detail::call_sequence arguments(c->operation->message.subspan(detail::message_head_size));
        while (const auto one = arguments.next())
            detail::call_sequence::add(result, [&](std::vector<std::byte>& out) { c->operation->entry->run(*one, out); });
    }
    const call done = std::move(*c);
    calls_.erase(c);
    complete(completion_mode::dispatch, done, {nullptr, result});
}

void any_process_pool::fail(completion_mode mode, call_ptr c, const char* why)
{
    life_.here().note(why);
    life_.record(c->map).has_thrown = true;
    const call done = std::move(*c);
    calls_.erase(c);
    complete(mode, done, {std::make_exception_ptr(std::runtime_error(why)), {}});
}

void any_process_pool::complete(completion_mode mode, const call& c, detail::task_result outcome)
{
    map_record& r = life_.record(c.map);
    r.under_way -= c.elements.size();
    const bool failed = outcome.error != nullptr;
    c.operation->complete(mode, asio::any_io_executor(executor(life_.here())), std::move(outcome));
    if (failed)
        r.must_not_begin = true;
}

void any_process_pool::close() noexcept
{
    is_closed_ = true;
    while (!calls_.empty())
        fail(completion_mode::post, calls_.begin(), "the pool is closed");
}

void any_process_pool::abandon()
{
    is_closed_ = true;
    for (const call& c : std::exchange(calls_, {}))
        c.operation->destroy();
}

// --- the threads

any_thread_pool::executor_type any_thread_pool::get_executor() const noexcept
{
    return executor(life_.here());
}

template <class Work, class Handler>
void any_thread_pool::async_run(Work work, Handler handler)
{
    const std::uint64_t id = ++last_id_;
    handler.set_canceller([this, id](cancellation_type) { cancel(id); });
    auto held = std::make_shared<std::pair<Work, Handler>>(std::move(work), std::move(handler));
    auto run = [held = std::move(held)](std::exception_ptr error) mutable {
        using result = std::invoke_result_t<Work&>;
        result value{};
        try {
            if (!error)
                value = held->first();
        } catch (...) {
            error = std::current_exception();
        }
        Handler taken = std::move(held->second);
        held.reset();
        taken(std::move(error), std::move(value));
    };
    queue_.push_back({id, std::make_shared<std::function<void(std::exception_ptr)>>(std::move(run))});
    life_.interleave();
}

void any_thread_pool::cancel(std::uint64_t id)
{
    const auto found = std::ranges::find(queue_, id, &item::id);
    if (found == queue_.end())
        return;
    life_.here().make_ready("work is aborted", [run = std::move(found->run)] {
        (*run)(std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted)));
    });
    queue_.erase(found);
}

void any_thread_pool::act()
{
    const item next = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    (*next.run)(nullptr);
    --running_;
}

// --- the user

void map_life::begin_map()
{
    choices& c = choose();
    auto r = std::make_shared<map_record>();
    r->number = static_cast<int>(records_.size());
    r->count = static_cast<int>(c.below(30));
    r->in_flight = c.below(c.one_in(2) ? 16 : 4);
    r->runs.resize(static_cast<std::size_t>(r->count));
    if (c.one_in(3) && r->count != 0) {
        r->throws_at = static_cast<moment>(c.below(moments));
        r->throws_for = static_cast<int>(c.below(static_cast<std::size_t>(r->count)));
    }
    records_.push_back(r);
    const std::string name = "map " + std::to_string(r->number) + " of " + std::to_string(r->count) + ", " +
                             std::to_string(r->in_flight) + " in flight, ";
    const int number = r->number;
    const std::size_t in_flight = r->in_flight;
    switch (c.below(4)) {
    case 0:
        world_.note(name + "on processes");
        return begin_on_processes(std::move(r), source(number, records_.back()->count));
    case 1:
        world_.note(name + "on processes, of known size");
        return begin_on_processes(std::move(r), sized_source(number, records_.back()->count));
    case 2: {
        world_.note(name + "on threads");
        r->is_called_one_by_one = true;
        using state = detail::map_state<any_thread_pool, calling_function, source, handler>;
        const int count = r->count;
        std::make_shared<state>(threads_, handler(std::move(r)), calling_function(), source(number, count),
                                in_flight ? in_flight : 4 * threads_.size(), tandem::run_options())
            ->start();
        return;
    }
    case 3: {
        world_.note(name + "on threads, in slices");
        r->is_in_slices = true;
        using state =
            detail::thread_map_state<any_thread_pool, calling_function, std::vector<element>, handler, any_clock>;
        std::vector<element> elements;
        for (int i = 0; i != r->count; ++i)
            elements.emplace_back(number, i);
        std::make_shared<state>(threads_, handler(std::move(r)), calling_function(), std::move(elements), in_flight,
                                tandem::run_options())
            ->start();
        return;
    }
    }
}

template <class Range>
void map_life::begin_on_processes(std::shared_ptr<map_record> r, Range range)
{
    using function = decltype(tandem::task<work>);
    using state = detail::process_map_state<executor, std::decay_t<function>, Range, handler>;
    const std::size_t in_flight = r->in_flight;
    std::make_shared<state>(processes_, executor(world_), handler(std::move(r)), std::decay_t<function>(tandem::task<work>),
                            std::move(range), in_flight, tandem::run_options())
        ->start();
}

void map_life::cancel(map_record& r)
{
    constexpr cancellation_type types[] = {cancellation_type::total, cancellation_type::partial, cancellation_type::terminal};
    const auto type = types[choose().below(3)];
    const bool is_total = type == cancellation_type::total;
    world_.note("map " + std::to_string(r.number) + (is_total ? " is cancelled, if nothing has begun" : " is cancelled"));
    r.is_cancelled = true;
    r.is_cancelled_for_good = r.is_cancelled_for_good || !is_total;
    const bool has_begun = std::ranges::count(r.runs, 0) != r.count;
    {
        const quiet emitting(*this); // the signal is not for two threads at once
        r.signal.emit(type);
    }
    if (is_total ? r.is_called_one_by_one && !has_begun : !r.is_in_slices)
        r.must_not_begin = r.completions == 0;
}

void map_life::act_as_user()
{
    --left_;
    choices& c = choose();
    const std::uint32_t what = c.below(8);
    if (what < 4 || records_.empty())
        return begin_map();
    if (what < 7)
        return cancel(*records_[c.below(records_.size())]);
    if (c.one_in(4)) {
        world_.note("the pool is closed");
        pool_is_closed_ = true;
        processes_->close();
    }
}

// --- the run

void map_life::step_on()
{
    if (!fault_.empty())
        throw broken(fault_);
}

void map_life::end_context()
{
    const quiet ending(*this);
    processes_->abandon();
    threads_.abandon();
    world_.end_context();
}

void map_life::expect_all_complete(bool context_ended)
{
    for (const auto& r : records_) {
        const std::string name = "map " + std::to_string(r->number);
        const bool is_destroyed = r.use_count() == 1;
        expect(is_destroyed, name + ": its handler is neither called nor destroyed");
        expect(r->completions == 1 || context_ended, name + " never completes");
        if (r->completions == 0)
            continue;
        const bool may_fail = r->has_thrown || r->is_cancelled_for_good || pool_is_closed_;
        const bool has_begun = std::ranges::count(r->runs, 0) != r->count;
        expect(r->succeeded || may_fail || r->is_cancelled, name + " fails for no reason");
        expect(r->succeeded || may_fail || !has_begun, name + " had begun, and is cancelled by total");
        expect(!r->succeeded || std::ranges::count(r->runs, 1) == r->count, name + " has not run each element");
    }
    expect(element::live == 0, std::to_string(element::live) + " elements are left");
}

void map_life::live()
{
    choices& c = choose();
    processes_->workers = 1 + c.below(3);
    threads_.threads = 1 + c.below(3);
    left_ = 5;
    world_.add({.name = "the user", .can = [this] { return left_ > 0; }, .act = [this] { act_as_user(); }});
    world_.add({.name = "a worker", .can = [this] { return processes_->can_act(); }, .act = [this] { processes_->act(); }});
    world_.add({.name = "a thread", .can = [this] { return threads_.can_act(); }, .act = [this] { threads_.act(); }});
    const bool context_ends = c.one_in(4);
    const std::size_t steps = context_ends ? c.below(60) : 20'000;
    std::size_t step = 0;
    for (; step != steps && world_.step(); ++step)
        step_on();
    if (context_ends) {
        world_.note("the context ends");
        end_context();
    }
    expect(context_ends || step != steps, "it goes on for ever");
    step_on();
    expect_all_complete(context_ends);
}

} // namespace
} // namespace maps

void live_as_maps(world& w)
{
    maps::map_life(w).live();
}

} // namespace simulate
