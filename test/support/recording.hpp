// A completion handler that writes down how it was called. Movable only, so that nothing may copy a handler.
#ifndef TANDEM_TEST_SUPPORT_RECORDING_HPP
#define TANDEM_TEST_SUPPORT_RECORDING_HPP

#include <support/tracker_executor.hpp>
#include <support/waiting.hpp>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace test {

/// "invalid_argument: text", or "none"; a system_error shows its code first.
std::string describe(const std::exception_ptr& error);

/// Of an operation that delivers R.
template <class R>
class recording
{
    using value_type = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

    struct state
    {
        std::mutex mutex;
        std::condition_variable called;
        int calls = 0;
        bool inside_initiation = false;
        std::exception_ptr error;
        std::optional<value_type> value;
        std::function<void()> on_call;
    };

public:
    class handler_type
    {
    public:
        explicit handler_type(std::shared_ptr<state> s) : state_(std::move(s)) {}

        template <class... Value>
        void operator()(std::exception_ptr error, Value... value)
        {
            if (state_->on_call)
                state_->on_call();
            const std::lock_guard lock(state_->mutex);
            ++state_->calls;
            state_->inside_initiation = is_initiating();
            state_->error = std::move(error);
            state_->value.emplace(std::move(value)...);
            state_->called.notify_all();
        }

    private:
        std::shared_ptr<state> state_;
        std::unique_ptr<int> not_copyable_;
    };

    /// `on_call` is called in the handler, before it counts as called.
    explicit recording(std::function<void()> on_call = {}) { state_->on_call = std::move(on_call); }

    handler_type handler() const { return handler_type(state_); }

    /// Waits until the handler was called; false after a long time.
    bool wait(std::chrono::milliseconds patience = long_time) const
    {
        std::unique_lock lock(state_->mutex);
        return state_->called.wait_for(lock, patience, [this] { return state_->calls != 0; });
    }

    int calls() const
    {
        return locked([](const state& s) { return s.calls; });
    }
    bool inside_initiation() const
    {
        return locked([](const state& s) { return s.inside_initiation; });
    }
    std::exception_ptr error() const
    {
        return locked([](const state& s) { return s.error; });
    }
    std::string error_text() const { return describe(error()); }

    /// The value delivered; where there is none the error is thrown.
    value_type take() const
    {
        if (!wait())
            throw std::runtime_error("the handler was not called");
        if (const auto e = error())
            std::rethrow_exception(e);
        const std::lock_guard lock(state_->mutex);
        return std::move(*state_->value);
    }

private:
    template <class Read>
    auto locked(Read read) const
    {
        const std::lock_guard lock(state_->mutex);
        return read(*state_);
    }

    std::shared_ptr<state> state_ = std::make_shared<state>();
};

} // namespace test

#endif
