// A thread pool's queue, whose threads are the test's: each takes the next handler, and may be overtaken by another one
// wherever the user's code runs or something is posted.
#include <simulate/scenarios.hpp>

#include <simulate/exploration.hpp>
#include <simulate/thread_executor.hpp>
#include <simulate/world.hpp>

#include <tandem/detail/plain_work.hpp>
#include <thread_pool/thread_work_queue.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace simulate {
namespace thread_queues {
namespace {

namespace asio = boost::asio;
namespace detail = tandem::detail;
using namespace std::chrono_literals;
using asio::cancellation_type;

class queue_life;
using queue_function = std::function<void()>;

/// What the queue has of them.
class simulated_threads
{
public:
    explicit simulated_threads(queue_life& l) : alarm(l), life_(l) {}

    template <class Function>
    void post(Function function);
    time_point now() const noexcept;

    class queue_alarm
    {
    public:
        explicit queue_alarm(queue_life& l) : life_(l) {}
        template <class Queue>
        void set(time_point time, const std::shared_ptr<Queue>& queue);
        void stop();
        void join() {}
        void call_apart(const queue_function& function);

    private:
        queue_life& life_;
    };
    queue_alarm alarm;

private:
    queue_life& life_;
};

enum class kind
{
    plain,     // if the queue will have it so
    stoppable, // by its id
    coroutine
};

enum class work_end
{
    not_yet,
    returned,
    threw,
    aborted,
    queue_timeout,
    run_timeout,
    closed
};

struct work_record
{
    int number = 0;
    kind what{};
    tandem::run_options options{};
    bool throws = false;
    bool waits = false; // coroutines
    bool ignores_cancellation = false; // while it waits
    bool is_submitted = false; // the call has returned
    bool may_be_removed = false;
    bool was_before_end = false; // of the threads
    int runs = 0;
    bool is_running = false;
    int completions = 0;
    work_end how = work_end::not_yet;
    asio::cancellation_signal signal;
};
using record_ptr = std::shared_ptr<work_record>;

class plain_handler
{
public:
    explicit plain_handler(record_ptr r) : record_(std::move(r)) {}
    void operator()(const std::exception_ptr& error);

protected:
    record_ptr record_; // as long as it was not destroyed
};

class stoppable_handler : public plain_handler
{
public:
    using cancellation_slot_type = asio::cancellation_slot;
    using plain_handler::plain_handler;
    cancellation_slot_type get_cancellation_slot() const noexcept { return record_->signal.slot(); }
};

/// A coroutine that waits until somebody wakes it.
struct sleeper
{
    std::function<void(boost::system::error_code)> wake;
};

class queue_life final : public thread_host
{
public:
    explicit queue_life(world& w)
        : world_(w), executor_(*this), queue_(std::make_shared<detail::thread_work_queue<simulated_threads>>(*this))
    {
    }
    ~queue_life() { end_context(); }

    void live();

    world& here() noexcept { return world_; }
    choices& choose() noexcept { return world_.choose(); }
    void check(bool holds, const std::string& what)
    {
        if (!holds && fault_.empty())
            fault_ = what;
    }

    asio::execution_context& context() noexcept override { return world_.context(); }
    bool is_on_thread() const noexcept override { return is_on_thread_; }
    void interleave() override;
    void post(queue_function handler) override
    {
        if (!is_ended_)
            ready_.push_back(std::move(handler));
    }
    void begin(work_record& r);
    void end(work_record& r);
    void complete(work_record& r, const std::exception_ptr& error);
    void set_alarm(time_point time, std::weak_ptr<detail::thread_work_queue<simulated_threads>> queue);
    void clear_alarm();

    template <class Token>
    auto async_sleep(bool ignores_cancellation, Token&& token);

private:
    void submit();
    template <class Handler, class Work>
    void submit_as(const record_ptr& r, Work work);
    void cancel();
    void act_as_user();
    void close();
    void join();
    void abandon();
    void check_counts();
    void take_thread();
    void act_as(bool thread, void (queue_life::*act)());
    void pass_deadline();
    void step_on();
    void end_context();
    void expect_all_complete();

    world& world_;
    thread_executor executor_;
    std::deque<queue_function> ready_;
    std::vector<std::shared_ptr<sleeper>> sleepers_;
    std::shared_ptr<detail::work_queue> queue_;
    std::optional<world::alarm_id> alarm_;
    std::weak_ptr<detail::thread_work_queue<simulated_threads>> expired_;
    bool has_expired_ = false;
    std::vector<record_ptr> records_;
    std::string fault_;
    std::size_t threads_ = 1;
    std::size_t busy_ = 0;
    int left_ = 0;
    int quiet_ = 0;
    bool is_on_thread_ = false; // whoever acts now
    bool is_closing_ = false;
    bool is_joined_ = false;
    bool is_abandoned_ = false; // what ran as a coroutine: it may go on
    bool is_stopped_ = false; // as a pool whose threads end
    bool is_ended_ = false;
};
queue_life* living_queue = nullptr;

// --- the pieces

template <class Function>
void simulated_threads::post(Function function)
{
    auto held = std::make_shared<Function>(std::move(function));
    life_.post([held] { (*held)(); });
}

time_point simulated_threads::now() const noexcept
{
    return life_.here().now();
}

template <class Queue>
void simulated_threads::queue_alarm::set(time_point time, const std::shared_ptr<Queue>& queue)
{
    life_.set_alarm(time, queue);
}

void simulated_threads::queue_alarm::stop()
{
    life_.clear_alarm();
}

void simulated_threads::queue_alarm::call_apart(const queue_function& function)
{
    life_.interleave();
    function();
}

void plain_handler::operator()(const std::exception_ptr& error)
{
    living_queue->complete(*record_, error);
}

template <class Token>
auto queue_life::async_sleep(bool ignores_cancellation, Token&& token)
{
    return asio::async_initiate<Token, void(boost::system::error_code)>(
        [this, ignores_cancellation](auto handler) {
            auto slot = asio::get_associated_cancellation_slot(handler);
            auto held = std::make_shared<decltype(handler)>(std::move(handler));
            const auto one = std::make_shared<sleeper>();
            sleepers_.push_back(one);
            one->wake = [this, self = one.get(), held](boost::system::error_code error) {
                const auto waiting = held;
                std::erase_if(sleepers_, [self](const auto& each) { return each.get() == self; });
                const auto target = asio::get_associated_executor(*waiting);
                asio::post(target, [waiting, error] { std::move (*waiting)(error); });
            };
            if (slot.is_connected() && !ignores_cancellation)
                slot.assign([weak = std::weak_ptr(one)](cancellation_type type) {
                    const auto asleep = weak.lock();
                    if (asleep && (type & cancellation_type::terminal) != cancellation_type::none)
                        asleep->wake(asio::error::operation_aborted);
                });
        },
        token);
}

void queue_life::set_alarm(time_point time, std::weak_ptr<detail::thread_work_queue<simulated_threads>> queue)
{
    clear_alarm();
    expired_ = std::move(queue);
    if (time != time_point::max())
        alarm_ = world_.set({time, [this] {
                                 alarm_.reset();
                                 has_expired_ = true;
                             }});
}

void queue_life::clear_alarm()
{
    if (alarm_)
        world_.unset(*std::exchange(alarm_, std::nullopt));
    has_expired_ = false;
}

void queue_life::interleave()
{
    if (quiet_ != 0 || busy_ > threads_)
        return;
    ++quiet_; // one at a time is enough
    while (choose().one_in(6) && world_.step()) {
    }
    --quiet_;
}

void queue_life::begin(work_record& r)
{
    const std::string name = "work " + std::to_string(r.number);
    world_.note(name + " begins");
    check(!std::exchange(r.is_running, true), name + " runs twice at once");
    check(++r.runs <= static_cast<int>(1 + r.options.retries), name + " runs too often");
    check(r.completions == 0 || (is_abandoned_ && r.what == kind::coroutine), name + " begins when it has completed");
    check(!is_stopped_, name + " begins when the pool has stopped");
    // Coroutines begin on their strands, after their turn. Plain work waits in Asio's queue, where what is submitted at the
    // same time, or takes the turn of work that was cancelled, may overtake it.
    for (const record_ptr& other : records_) {
        const bool is_queued = other->is_submitted && other->runs == 0 && other->completions == 0 && !other->may_be_removed;
        const bool is_plain = other->what == kind::plain && other->options == tandem::run_options();
        check(r.what == kind::coroutine || other->what == kind::coroutine || is_plain || !is_queued ||
                  other->options.priority <= r.options.priority,
              name + " begins before " + std::to_string(other->number) + ", which has more priority");
    }
    interleave();
}

void queue_life::end(work_record& r)
{
    r.is_running = false;
    if (r.throws) {
        world_.note("work " + std::to_string(r.number) + " throws");
        throw std::runtime_error("work");
    }
}

void queue_life::complete(work_record& r, const std::exception_ptr& error)
{
    const std::string name = "work " + std::to_string(r.number);
    check(++r.completions == 1, name + " completes twice");
    check(!r.is_running || (is_abandoned_ && r.what == kind::coroutine), name + " completes while it runs");
    try {
        if (error)
            std::rethrow_exception(error);
        r.how = work_end::returned;
    } catch (const tandem::task_error& e) {
        r.how = e.code() == tandem::errc::queue_timeout ? work_end::queue_timeout
                : e.code() == tandem::errc::run_timeout ? work_end::run_timeout
                                                        : work_end::closed;
    } catch (const boost::system::system_error&) {
        r.how = work_end::aborted;
    } catch (const std::runtime_error&) {
        r.how = work_end::threw;
    }
    world_.note(name + " completes: " + std::to_string(static_cast<int>(r.how)));
    switch (r.how) {
    case work_end::returned:
        check(r.runs != 0, name + " returned and never ran");
        break;
    case work_end::threw:
        check(r.throws && r.runs != 0, name + " fails for no reason");
        break;
    case work_end::aborted:
        check(r.may_be_removed || is_closing_, name + " is aborted for no reason");
        check(r.runs == 0 || r.what == kind::coroutine || r.options.retries != 0, name + " is aborted though it ran");
        break;
    case work_end::queue_timeout:
        check(r.options.queue_timeout.count() > 0 && r.runs == 0, name + " has a queue_timeout for no reason");
        break;
    case work_end::run_timeout:
        check(r.options.run_timeout.count() > 0 && r.runs != 0, name + " has a run_timeout for no reason");
        break;
    default:
        check(is_closing_, name + " is refused by an open pool");
    }
    queue_->counts(); // takes the lock, which must be free
    if (left_ > 0 && choose().one_in(3))
        act_as_user();
    interleave();
}

// --- the user

template <class Handler, class Work>
void queue_life::submit_as(const record_ptr& r, Work work)
{
    const detail::initiate_thread_run<thread_executor> run(executor_, &queue_);
    if (r->options == tandem::run_options())
        run(Handler(r), std::move(work));
    else
        run(Handler(r), std::move(work), r->options);
}

void queue_life::submit()
{
    choices& c = choose();
    const auto r = std::make_shared<work_record>();
    r->number = static_cast<int>(records_.size());
    r->what = static_cast<kind>(c.below(3));
    r->throws = c.one_in(5);
    r->waits = c.one_in(2);
    r->ignores_cancellation = c.one_in(4);
    if (c.one_in(6))
        r->options.priority = static_cast<int>(c.below(3)) - 1;
    if (c.one_in(6)) {
        r->options.queue_timeout = 2s;
        r->may_be_removed = true;
    }
    if (c.one_in(6))
        r->options.run_timeout = 1s;
    if (c.one_in(6)) {
        r->options.retries = 1 + c.below(2);
        r->options.retry_on = tandem::retry_cause::run_timeout;
    }
    r->was_before_end = !(is_closing_ && is_joined_); // else its refusal may come behind the threads' end
    records_.push_back(r);
    world_.note("work " + std::to_string(r->number) + " is submitted: " + std::to_string(static_cast<int>(r->what)) +
                ", priority " + std::to_string(r->options.priority));
    // What it holds is destroyed like its handler.
    const auto call = [this, r] {
        begin(*r);
        end(*r);
    };
    switch (r->what) {
    case kind::plain:
        submit_as<plain_handler>(r, call);
        break;
    case kind::stoppable:
        submit_as<stoppable_handler>(r, call);
        break;
    case kind::coroutine: {
        auto coroutine = [](queue_life& l, record_ptr one) -> asio::awaitable<void> {
            l.begin(*one);
            boost::system::error_code ignored;
            if (one->waits)
                co_await l.async_sleep(one->ignores_cancellation, asio::redirect_error(asio::use_awaitable, ignored));
            l.end(*one);
        };
        submit_as<stoppable_handler>(r, [this, r, coroutine] { return coroutine(*this, r); });
        break;
    }
    }
    r->is_submitted = true;
}

void queue_life::cancel()
{
    if (records_.empty())
        return;
    constexpr cancellation_type types[] = {cancellation_type::total, cancellation_type::partial, cancellation_type::terminal};
    work_record& r = *records_[choose().below(records_.size())];
    const auto type = types[choose().below(3)];
    if (r.completions != 0)
        return; // its handler runs: the signal is not for two threads at once
    world_.note("work " + std::to_string(r.number) + " is cancelled");
    // What has run, and waits to be run again, may have had effects.
    const bool may_have_effects = type == cancellation_type::total && r.what != kind::coroutine && r.runs != 0;
    r.may_be_removed = r.may_be_removed || (r.what != kind::plain && !may_have_effects);
    r.signal.emit(type);
}

void queue_life::close()
{
    if (std::exchange(is_closing_, true))
        return;
    world_.note("the pool is stopped");
    queue_->close();
}

// Before close() it waits for that.
void queue_life::join()
{
    if (std::exchange(is_joined_, true))
        return;
    world_.note("the pool is joined");
    queue_->when_quiet([this] {
        world_.note("its threads end");
        is_stopped_ = true;
        check(is_closing_, "threads end, and the pool is open");
        check(sleepers_.empty() || is_abandoned_, "threads end, and a coroutine waits");
        for (const record_ptr& r : records_) {
            const std::string name = "work " + std::to_string(r->number);
            check(!r->is_running || r->what == kind::coroutine, name + " runs when the pool has stopped");
        }
    });
}

void queue_life::abandon()
{
    world_.note("coroutines are abandoned");
    is_abandoned_ = true;
    queue_->abandon_coroutines();
}

void queue_life::act_as_user()
{
    --left_;
    const std::uint32_t what = choose().below(12);
    if (what < 7)
        return submit();
    if (what < 10)
        return cancel();
    if (what == 10 && !sleepers_.empty()) {
        const auto chosen = sleepers_[choose().below(sleepers_.size())];
        world_.note("a coroutine is woken");
        return chosen->wake({});
    }
    if (what == 11 && choose().one_in(6))
        return join();
    if (what == 11 && choose().one_in(3))
        return is_closing_ ? abandon() : close();
}

// --- the run

void queue_life::take_thread()
{
    const queue_function next = std::move(ready_.front());
    ready_.pop_front();
    ++busy_;
    next();
    --busy_;
}

void queue_life::pass_deadline()
{
    has_expired_ = false;
    if (const auto queue = expired_.lock())
        queue->end_expired();
}

void queue_life::act_as(bool thread, void (queue_life::*act)())
{
    const bool outer = std::exchange(is_on_thread_, thread);
    (this->*act)();
    is_on_thread_ = outer;
}

void queue_life::check_counts()
{
    const auto counts = queue_->counts();
    check(counts.queued <= records_.size() && counts.running <= records_.size() && counts.completed <= records_.size(),
          "the counts are wrong: " + std::to_string(counts.queued) + " queued, " + std::to_string(counts.running) +
              " running, " + std::to_string(counts.completed) + " completed");
}

void queue_life::step_on()
{
    check_counts();
    if (!fault_.empty())
        throw broken(fault_);
}

void queue_life::end_context()
{
    if (std::exchange(is_ended_, true))
        return;
    ++quiet_;
    clear_alarm();
    const auto alive = queue_; // as the pool's queue is: handlers do not own it
    for (std::deque<queue_function> left = std::exchange(ready_, {}); !left.empty(); left.pop_front()) {
    }
    while (!sleepers_.empty()) {
        const auto left = std::move(sleepers_.back());
        sleepers_.pop_back();
    }
    world_.end_context();
    ready_.clear();
}

void queue_life::expect_all_complete()
{
    const auto counts = queue_->counts();
    expect(is_stopped_, "the pool was stopped, and its threads never end");
    for (const record_ptr& r : records_) {
        const std::string name = "work " + std::to_string(r->number);
        expect(r->completions == 1 || !r->was_before_end, name + " never completes");
    }
    expect(counts.queued == 0, "the pool has stopped, and work is queued");
    end_context();
    queue_.reset();
    for (const record_ptr& r : records_)
        expect(r.use_count() == 1, "work " + std::to_string(r->number) + ": its handler is neither called nor destroyed");
}

void queue_life::live()
{
    living_queue = this;
    choices& c = choose();
    threads_ = 1 + c.below(3);
    left_ = 12;
    world_.add({.name = "the user",
                .can = [this] { return left_ > 0; },
                .act = [this] { act_as(false, &queue_life::act_as_user); }});
    world_.add({.name = "a thread",
                .can = [this] { return !ready_.empty() && busy_ < threads_ && !is_stopped_; },
                .act = [this] { act_as(true, &queue_life::take_thread); }});
    world_.add({.name = "the deadlines' thread",
                .can = [this] { return has_expired_; },
                .act = [this] { act_as(false, &queue_life::pass_deadline); }});
    std::size_t step = 0;
    const auto go_on = [&](const std::string& what) {
        for (; world_.step(); ++step) {
            expect(step < 20'000, what + " goes on for ever");
            step_on();
        }
        step_on();
    };
    go_on("the pool");
    if (!is_closing_) {
        const auto counts = queue_->counts();
        expect(counts.queued == 0, "nothing happens any more, and work is queued");
        expect(counts.running == sleepers_.size(), "nothing happens any more, and work runs");
        for (const record_ptr& r : records_)
            expect(r->completions == 1 || r->what == kind::coroutine,
                   "work " + std::to_string(r->number) + " never completes");
        close();
    }
    go_on("the end");
    for (const record_ptr& r : records_)
        expect(r->completions == 1 || r->ignores_cancellation || !r->was_before_end,
               "work " + std::to_string(r->number) + " was asked to stop, and never completes");
    abandon();
    go_on("the end of coroutines");
    join();
    go_on("the threads' end");
    expect_all_complete();
}

} // namespace
} // namespace thread_queues

void live_as_thread_queue(world& w)
{
    thread_queues::queue_life(w).live();
}

} // namespace simulate
