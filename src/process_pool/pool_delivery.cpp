// How operations are completed: outside of the lock, in turns with what else the context has to do, and whatever their
// handlers throw.
#include <channel/frame.hpp>
#include <process_pool/pool.hpp>
#include <tandem/detail/copy_bytes.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace tandem::detail {
namespace {

namespace asio = boost::asio;

// How long handlers are called one after the other before the context gets to other work, such as the pool's own.
class delivery_turn
{
public:
    explicit delivery_turn(schedule::time_point begin) : begin_(begin) {}

    /// Asked after each handler. The clock is looked at after one, two more, four more and so on.
    template <class Clock>
    bool is_over(Clock now)
    {
        if (--until_look_ != 0)
            return false;
        between_looks_ = until_look_ = std::min(2 * between_looks_, most_between_looks);
        return now() - begin_ > longest;
    }

private:
    static constexpr std::chrono::microseconds longest{100};
    static constexpr std::size_t most_between_looks = 16;

    const schedule::time_point begin_;
    std::size_t between_looks_ = 1;
    std::size_t until_look_ = 1;
};

void complete_given_up(const asio::any_io_executor& executor, const std::shared_ptr<completion_batch>& rest);

void post_given_up(const asio::any_io_executor& executor, const std::shared_ptr<completion_batch>& rest)
{
    asio::post(executor, [executor, rest] { complete_given_up(executor, rest); });
}

// In turns with what else the context has to do. The pool may be gone.
void complete_given_up(const asio::any_io_executor& executor, const std::shared_ptr<completion_batch>& rest)
{
    std::exception_ptr thrown; // by a handler: it goes out through run(), and the others are called later
    delivery_turn turn(std::chrono::steady_clock::now());
    while (rest->has_given_up()) {
        try {
            rest->complete_next_given_up(completion_mode::dispatch, executor);
        } catch (...) {
            thrown = std::current_exception();
        }
        if (!thrown && !turn.is_over(std::chrono::steady_clock::now))
            continue;
        try {
            post_given_up(executor, rest);
            break;
        } catch (const std::exception&) { // no memory: all in this turn
        }
    }
    if (thrown)
        std::rethrow_exception(thrown);
}

// A copy: what the worker can write may change while it is decoded.
byte_buffer read_stored(std::span<const std::byte> message, large_reader& large)
{
    const channel::stored_payload stored = channel::read_stored_payload(message);
    byte_buffer copy;
    append_bytes(copy, large.find(stored.position, stored.size), static_cast<std::size_t>(stored.size));
    return copy;
}

} // namespace

void pool::deliver(completion_mode mode, completion_batch completions)
{
    // A handler that throws, called from inside of dispatch, goes out through the context's run(), as everywhere in
    // Asio; but the others are not to be lost.
    std::exception_ptr thrown;
    const auto attempt = [&](auto complete) {
        try {
            complete();
        } catch (...) {
            thrown = std::current_exception();
            mode = completion_mode::post;
        }
    };
    if (mode == completion_mode::dispatch || !output_.wants_tasks()) {
        if (!output_retry_.is_set())
            output_.write();
        attempt([&] { output_.drain(); });
        attempt([&] { read_held_workers(); });
        attempt([&] { retry_output(); });
    } else if (output_.has_lines() || relay_.may_release()) {
        // The callback is the user's, and never called inside of a call of the user's.
        try {
            loop_->post([self = shared_from_this()](const boost::system::error_code&) {
                self->deliver(completion_mode::dispatch, {});
            });
        } catch (const std::exception&) { // they go with the next
        }
    }
    unrun_failures failures;
    delivery_turn turn(loop_->now());
    while (completion_batch::completed_task* const task = completions.next()) {
        attempt([&] {
            // User code may run in here.
            auto message = completions.message_of(*task);
            byte_buffer stored;
            try {
                if (task->failed_in != 0) {
                    task->error = decode_failure(*task->operation, task->failed_in, message);
                } else if (task->unrun) {
                    task->error = failures.failure_of(*task->operation, *task->unrun, completions.start.get());
                } else if (task->is_stored) {
                    stored = read_stored(message, *task->large);
                    message = stored;
                }
            } catch (...) {
                task->error = task->is_stored ? task->operation->result_failure() : std::current_exception();
            }
            task->operation.release()->complete(mode, executor_, {std::move(task->error), message, std::move(task->large)});
        });
        if (turn.is_over([this] { return loop_->now(); }) && mode == completion_mode::dispatch && completions.has_next() &&
            deliver_later(completions))
            return;
    }
    if (completions.has_much_room()) {
        const std::lock_guard lock(mutex_);
        completions.leave_room(spare_room_);
    }
    for (auto& wait : completions.waits)
        attempt([&] { wait.first->complete(mode, std::move(wait.second)); });
    completions.waits.clear();
    // The context may not run any more where its handlers are not who is here: each is posted at once, as a future needs no context.
    if (completions.has_given_up() && (mode != completion_mode::dispatch || !give_up_later(completions)))
        while (completions.has_given_up())
            attempt([&] { completions.complete_next_given_up(mode, executor_); });
    if (thrown)
        std::rethrow_exception(thrown);
}

// What stderr did not take is tried again later.
void pool::retry_output()
{
    if (!output_.inherited().has_text())
        return;
    const std::lock_guard lock(mutex_);
    try {
        if (!closed_)
            output_retry_.set(output_.inherited().written(), state_.has_work());
    } catch (const std::exception&) { // with the next event
    }
}

// The callback has taken the lines that they waited for.
void pool::read_held_workers()
{
    if (!relay_.may_release())
        return;
    const auto event = [this](schedule::time_point now, completion_batch& completions) {
        relay_.release([&](const link_ptr& link) {
            relay_.read(*link);
            frames_.read(*link, now, completions);
            watch_.resume(link);
        });
    };
    handle(completion_mode::dispatch, event);
}

// In a handler of its own. False where there is no memory for it.
bool pool::give_up_later(completion_batch& completions)
{
    std::shared_ptr<completion_batch> rest;
    try {
        rest = std::make_shared<completion_batch>(std::move(completions));
        post_given_up(executor_, rest);
        return true;
    } catch (const std::exception&) {
        if (rest)
            completions.take_from(*rest);
        return false;
    }
}

// The same of all that is left.
bool pool::deliver_later(completion_batch& completions)
{
    std::shared_ptr<completion_batch> rest;
    try {
        rest = std::make_shared<completion_batch>(std::move(completions));
        loop_->post([self = shared_from_this(), rest](const boost::system::error_code&) {
            self->deliver(completion_mode::dispatch, std::move(*rest));
        });
        return true;
    } catch (const std::exception&) {
        if (rest)
            completions.take_from(*rest);
        return false;
    }
}

} // namespace tandem::detail
