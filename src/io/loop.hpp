// Where and when a pool's own work runs.
#ifndef TANDEM_IO_LOOP_HPP
#define TANDEM_IO_LOOP_HPP

#include <io/continuation.hpp>
#include <io/waitable.hpp>

#include <chrono>
#include <memory>
#include <span>

namespace tandem::io {

using time_point = std::chrono::steady_clock::time_point;

/// Not thread-safe.
class timer
{
public:
    virtual ~timer() = default;

    /// Calls `done` at `end`, and what an earlier call was given with operation_aborted.
    virtual void async_wait_until(time_point end, continuation done) = 0;
    virtual void cancel() noexcept = 0;
};

/// Thread-safe.
class loop
{
public:
    virtual ~loop() = default;

    virtual time_point now() const noexcept = 0;

    /// Calls `next`, with no error, from the context.
    virtual void post(continuation next) = 0;

    /// The same, after what else the context has to do.
    virtual void defer(continuation next) = 0;

    virtual std::unique_ptr<timer> make_timer() = 0;

    /// The context ends: nothing is left that knows it. Only now() and wait_for() may be called.
    virtual void abandon() noexcept = 0;

    /// Blocks until there may be something for one of `any`, until `end` at the longest. Only where no context helps.
    virtual void wait_for(std::span<const waitable* const> any, time_point end) = 0;
};

} // namespace tandem::io

#endif
