// What became of an operation, as one short text: "3", "worker_died, exit 7", "run_timeout", "std::runtime_error: a
// fault".
#ifndef TANDEM_TEST_FAULTS_COMPLETION_HPP
#define TANDEM_TEST_FAULTS_COMPLETION_HPP

#include <faults/suite.hpp>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace faults {

std::string outcome_of(const std::exception_ptr& error);

inline std::string text_of(int value)
{
    return std::to_string(value);
}
/// Of a long one that repeats a character: "8388608 times x".
std::string text_of(const std::string& value);

class completion
{
    struct state
    {
        std::mutex mutex;
        std::condition_variable called;
        int calls = 0;
        std::string outcome;
        std::exception_ptr error;
        std::function<void()> on_call;
    };

public:
    explicit completion(std::string name, std::function<void()> on_call = {}) : name_(std::move(name))
    {
        state_->on_call = std::move(on_call);
    }

    class handler_type
    {
    public:
        explicit handler_type(std::shared_ptr<state> s) : state_(std::move(s)) {}

        template <class... Value>
        void operator()(const std::exception_ptr& error, const Value&... value)
        {
            std::string outcome = outcome_of(error);
            if (!error)
                ((outcome = text_of(value)), ...);
            {
                const std::lock_guard lock(state_->mutex);
                ++state_->calls;
                state_->outcome = std::move(outcome);
                state_->error = error;
                state_->called.notify_all();
            }
            if (state_->on_call)
                state_->on_call();
        }

    private:
        std::shared_ptr<state> state_;
        std::unique_ptr<int> not_copyable_;
    };

    handler_type handler() const { return handler_type(state_); }

    /// Waits for it; "no completion" where there is none in time.
    std::string outcome(std::chrono::milliseconds limit = patience) const
    {
        std::unique_lock lock(state_->mutex);
        if (!state_->called.wait_for(lock, limit, [this] { return state_->calls != 0; }))
            return "no completion";
        return state_->outcome;
    }

    int calls() const
    {
        const std::lock_guard lock(state_->mutex);
        return state_->calls;
    }

    std::exception_ptr error() const
    {
        const std::lock_guard lock(state_->mutex);
        return state_->error;
    }

    /// Waits for it, and says so where it is none of these.
    void expect_one_of(const std::vector<std::string>& accepted) const;
    void expect_is(const std::string& accepted) const { expect_one_of({accepted}); }

    /// Says so where it did not complete exactly once. To be called when nothing can complete any more.
    void expect_once() const;

private:
    std::string name_;
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

} // namespace faults

#endif
