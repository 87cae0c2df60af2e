// How far an async_map has come: what is under way, the first failure, who takes the next element. It knows neither the
// range nor the function nor the handler, so no code of the user's can run under its lock.
#ifndef TANDEM_DETAIL_MAP_PROGRESS_HPP
#define TANDEM_DETAIL_MAP_PROGRESS_HPP

#include <tandem/detail/canceller.hpp>
#include <tandem/detail/turn.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace tandem::detail {

/// Thread-safe. A call is what the map hands to its pool at once: one element, a message of many, or a slice of them.
class map_progress
{
public:
    using call_id = std::uint64_t;
    using cancellation_type = boost::asio::cancellation_type;

    map_progress();
    map_progress(const map_progress&) = delete;
    map_progress& operator=(const map_progress&) = delete;
    ~map_progress();

    /// So many more calls are wanted. Whether it is the caller's turn to make them; else another thread, whose turn it is,
    /// makes them as well.
    bool want(std::size_t count) noexcept;

    /// Of the thread whose turn it is, before each call: whether it is to make it; else its turn has ended.
    /// `is_exhausted`: it found the range's end.
    bool goes_on(bool is_exhausted) noexcept;

    /// No element is left to be taken.
    void set_exhausted() noexcept;

    /// A call that the map waits for. `cancel` may be called before the pool has it, and then does nothing. Where another
    /// call's cancellation takes this one out of it, it is cancelled as well. `task`: what the pool knows it by, or zero.
    call_id add(canceller cancel = canceller(), std::uint64_t task = 0);

    /// Nothing where the map has completed.
    std::optional<call_id> add_unless_completed();

    /// A call that the map does not wait for until it has begun.
    call_id add_unbegun();

    void set_canceller(call_id id, canceller cancel);

    /// The pool has it: what it was to be cancelled with before reaches it now. Nothing happens where the call has ended.
    void handed_over(call_id id);

    /// From now on the map waits for it, and `total` has no effect. False where the map has completed.
    bool begin(call_id id) noexcept;

    /// An element begins, and from now on `total` has no effect. False where the map has failed.
    bool begin_element() noexcept;
    /// The same of one that has begun.
    void note_begun() noexcept { has_begun_.store(true, std::memory_order_release); }

    /// Called for each that was added. Whether the caller is to complete the map: true once, when nothing is under way, and
    /// the map has failed or no element is left.
    bool end(call_id id) noexcept;

    bool has_failed() const noexcept { return has_failed_.load(std::memory_order_acquire); }

    /// The first failure counts, and cancels the rest; the others follow from it.
    void fail(std::exception_ptr error);

    /// Makes the map fail, and passes the type on to all calls under way. Also after a failure: it may be of a stronger
    /// type.
    void cancel(cancellation_type type);

    /// The same with `total`, where every element says when it begins and none has.
    void cancel_unbegun();

    // The same where only the pool knows what has begun. It is asked by the thread whose turn it is: goes_on() says so, and
    // takes_total() that it is this and no call. Then, unless something has begun or the map fails in any case: the tasks of
    // which none may have begun.
    void ask_for_total() noexcept;
    bool takes_total() noexcept;
    std::optional<std::vector<std::uint64_t>> tasks_unless_begun() const;

    /// Of whoever completes the map.
    std::exception_ptr take_error() noexcept;

private:
    struct call
    {
        canceller cancel{};
        cancellation_type untold = cancellation_type::none; // what it has yet to be cancelled with
        bool is_waited_for = true;
        std::uint64_t task = 0;
    };

    call_id add_call(call&& added); // under the lock
    bool set_error(std::exception_ptr error, bool unless_begun = false);
    void cancel_calls(cancellation_type type);
    void tell_calls();

    std::atomic<bool> has_failed_ = false; // read in the innermost loops
    std::atomic<bool> has_begun_ = false; // any element
    alignas(64) mutable std::mutex mutex_;
    turn turn_;
    std::map<call_id, call> calls_; // a later one is greater
    call_id last_id_ = 0;
    std::size_t waited_for_ = 0; // calls
    bool is_exhausted_ = false;
    bool is_completed_ = false;
    bool is_total_asked_ = false;
    cancellation_type cancelled_ = cancellation_type::none;
    std::exception_ptr error_;
};

} // namespace tandem::detail

#endif
