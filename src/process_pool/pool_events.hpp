// How a part of a pool goes on, later or when a wait has ended.
#ifndef TANDEM_PROCESS_POOL_POOL_EVENTS_HPP
#define TANDEM_PROCESS_POOL_POOL_EVENTS_HPP

#include <io/continuation.hpp>
#include <process_pool/completion_batch.hpp>
#include <schedule/scheduler.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace tandem::detail {

/// A reference to a function that is called at once.
template <class Signature>
class function_ref;
template <class R, class... Args>
class function_ref<R(Args...)>
{
public:
    template <class Function>
        requires(!std::is_same_v<std::remove_const_t<Function>, function_ref>)
    function_ref(Function& function)
        : function_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
          call_([](void* f, Args... args) -> R { return (*static_cast<Function*>(f))(std::forward<Args>(args)...); })
    {
    }

    R operator()(Args... args) const { return call_(function_, std::forward<Args>(args)...); }

private:
    void* function_;
    R (*call_)(void* function, Args... args);
};

using event_ref = function_ref<void(schedule::time_point now, completion_batch& completions)>;

/// What happens to a pool happens one after the other.
class pool_events
{
public:
    /// Runs `event` under the pool's lock, then what follows from it. Nothing where the pool is closed.
    virtual void run(event_ref event) = 0;

    /// Asks under the lock, and nothing follows. False where the pool is closed.
    virtual bool ask(function_ref<bool(schedule::time_point now)> question) = 0;

    /// The pool, which must be there when it runs.
    virtual std::shared_ptr<pool_events> shared() = 0;

protected:
    ~pool_events() = default;
};

/// Runs `event(error, now, completions)`, and keeps the pool until then.
template <class Event>
io::continuation continue_with(pool_events& events, Event event)
{
    return [pool = events.shared(), event = std::move(event)](const boost::system::error_code& error) mutable {
        auto bound = [&](schedule::time_point now, completion_batch& completions) { event(error, now, completions); };
        pool->run(bound);
    };
}

} // namespace tandem::detail

#endif
