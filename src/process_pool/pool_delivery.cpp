// How operations are completed: outside of the lock, in turns with what else the context has to do, and whatever their
// handlers throw.
#include <process_pool/pool.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace tandem::detail {
namespace {

// How long handlers are called one after the other before the context gets to other work, such as the pool's own.
constexpr std::chrono::microseconds longest_delivery{100};
// The clock is looked at after one, two more, four more and so on.
constexpr std::size_t most_between_looks = 16;

} // namespace

void pool::deliver(completion_mode mode, aftermath after)
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
    if (mode == completion_mode::dispatch || !output_.wants_tasks())
        attempt([&] { output_.drain(); });
    else if (output_.has_lines()) // the callback is the user's, and never called inside of a call of the user's
        boost::asio::post(executor_, [self = shared_from_this()] { self->output_.drain(); });
    const auto begin = std::chrono::steady_clock::now();
    std::size_t between_looks = 1;
    std::size_t until_look = 1;
    while (aftermath::completed_task* const task = after.next()) {
        attempt([&] {
            // User code may run in here.
            const auto message = after.message_of(*task);
            if (task->failed_in != 0)
                task->error = decode_failure(*task->operation, task->failed_in, message);
            task->operation.release()->complete(mode, executor_, {std::move(task->error), message, std::move(task->large)});
        });
        if (--until_look != 0)
            continue;
        between_looks = until_look = std::min(2 * between_looks, most_between_looks);
        if (mode == completion_mode::dispatch && after.has_next() &&
            std::chrono::steady_clock::now() - begin > longest_delivery) {
            boost::asio::post(executor_, [self = shared_from_this(), rest = std::move(after)]() mutable {
                self->deliver(completion_mode::dispatch, std::move(rest));
            });
            return;
        }
    }
    for (auto& wait : after.waits)
        attempt([&] { wait.first->complete(mode, std::move(wait.second)); });
    if (thrown)
        std::rethrow_exception(thrown);
}

} // namespace tandem::detail
