// Runs an operation again and again; each time another one of the calls that it makes fails.
#ifndef TANDEM_TEST_FAILURES_EVERY_CALL_HPP
#define TANDEM_TEST_FAILURES_EVERY_CALL_HPP

#include <support/gate.hpp>

#include <tandem/process_pool.hpp>
#include <tandem/thread_pool.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace test::failures {

/// What became of one operation.
struct outcome
{
    std::atomic<int> completions = 0;
    bool threw = false; ///< the initiating function
    std::exception_ptr error;
};

class recorder
{
public:
    explicit recorder(std::shared_ptr<outcome> o) : outcome_(std::move(o)) {}
    recorder(recorder&&) = default;
    recorder& operator=(recorder&&) = default;

    template <class... Value>
    void operator()(std::exception_ptr error, const Value&...)
    {
        outcome_->error = std::move(error);
        ++outcome_->completions;
    }

private:
    std::shared_ptr<outcome> outcome_;
};

/// Where an operation runs. The process pool has one thread, so that the calls come in the same order each time.
class site
{
public:
    boost::asio::io_context context{1};
    std::optional<tandem::process_pool> cpu;
    std::optional<tandem::thread_pool> io;
    gate way; ///< for tasks that wait
    boost::asio::cancellation_signal signal;

    /// Initiates an operation: `initiate(handler)`.
    template <class Initiate>
    std::shared_ptr<outcome> begin(Initiate initiate)
    {
        outcomes_.push_back(std::make_shared<outcome>());
        const auto o = outcomes_.back();
        recorder handler(o);
        try {
            initiate(std::move(handler));
        } catch (...) {
            o->threw = true;
            o->error = std::current_exception();
        }
        return o;
    }

    /// Something that is no operation, and may throw.
    template <class Function>
    void attempt(Function function)
    {
        try {
            function();
        } catch (const std::exception&) { // in place of what was to happen
        }
    }

    /// Runs the context until all have completed that were begun; false after a long time.
    bool finish();

    /// Runs it until it has nothing to do at once.
    void settle();

    /// Runs it until `done()`; false after a long time.
    bool run_until(const std::function<bool()>& done);

    /// What is wrong with what was seen.
    std::string faults() const;

    /// References to outcomes that somebody else holds.
    std::vector<std::weak_ptr<outcome>> outcomes() const { return {outcomes_.begin(), outcomes_.end()}; }

private:
    std::vector<std::shared_ptr<outcome>> outcomes_;
    std::string thrown_; // out of run()
};

struct procedure
{
    std::function<void(site&)> prepare; ///< nothing fails yet
    std::function<void(site&)> act;     ///< here something fails
    bool ends_pool = false;             ///< nothing runs on it any more
};

/// Begins a task, and runs the context until it runs.
void begin_hold(site& s);

/// A pool with one worker.
tandem::process_pool_options usual_options();
void make_pool(site& s, const tandem::process_pool_options& options = usual_options());
/// The same, and the worker has served.
void make_busy_pool(site& s, const tandem::process_pool_options& options = usual_options());

/// Has each call fail once, and checks each time: the operations complete or throw, once; the pool serves again; nothing
/// is left behind.
void fail_every_call(const procedure& p);

} // namespace test::failures

#endif
