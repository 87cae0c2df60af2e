// How operations are completed: outside of the lock, in turns with what else the context has to do, and whatever their
// handlers throw.
#include <process_pool/pool.hpp>

#include <algorithm>
#include <utility>

namespace tandem::detail {
namespace {

// How long handlers are called one after the other before the context gets to other work, such as the pool's own.
constexpr std::chrono::microseconds longest_delivery{100};
// The clock is looked at after one, two more, four more and so on.
constexpr std::size_t most_between_looks = 16;

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
    const auto begin = loop_->now();
    std::size_t between_looks = 1;
    std::size_t until_look = 1;
    while (completion_batch::completed_task* const task = completions.next()) {
        attempt([&] {
            // User code may run in here.
            const auto message = completions.message_of(*task);
            try {
                if (task->failed_in != 0)
                    task->error = decode_failure(*task->operation, task->failed_in, message);
            } catch (...) {
                task->error = std::current_exception();
            }
            task->operation.release()->complete(mode, executor_, {std::move(task->error), message, std::move(task->large)});
        });
        if (--until_look != 0)
            continue;
        between_looks = until_look = std::min(2 * between_looks, most_between_looks);
        if (mode == completion_mode::dispatch && completions.has_next() &&
            loop_->now() - begin > longest_delivery) {
            if (deliver_later(completions))
                return;
        }
    }
    while (task_operation* const operation = completions.next_given_up())
        attempt([&] { operation->complete(mode, executor_, {completions.why_given_up(), {}}); });
    for (auto& wait : completions.given_up_starts)
        attempt([&] { wait->complete(mode, completions.why_given_up()); });
    for (auto& wait : completions.given_up_shutdowns)
        attempt([&] { wait->complete(mode, nullptr); }); // no worker is left
    for (auto& wait : completions.waits)
        attempt([&] { wait.first->complete(mode, std::move(wait.second)); });
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

// False where there is no memory for it.
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
