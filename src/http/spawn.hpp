#ifndef TANDEM_SRC_HTTP_SPAWN_HPP
#define TANDEM_SRC_HTTP_SPAWN_HPP

#include "http/client_state.hpp"
#include "http/transfer.hpp"

#include <tandem/http/detail/operation.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace tandem::http {

/// An error is a value here: one that is thrown through coroutines leaves references in them, which would be dropped on
/// this thread while the user reads the error on another.
template <class Result>
struct outcome
{
    std::exception_ptr error{};
    Result value{};
};

/// Work on a strand of the client's that `cancel` stops. `Work` is a callable of `detail::client_state&, transfer&`
/// which returns an `awaitable<outcome<Result>>` and throws nothing but out of memory; it, the client and the transfer
/// live until that has completed. The transfer is ended then.
template <class Result, class Work>
class spawned final : public detail::operation, public std::enable_shared_from_this<spawned<Result, Work>>
{
public:
    spawned(std::shared_ptr<detail::client_state> client, detail::completion_ptr<Result> done, Work work)
        : client_(std::move(client)), transfer_(std::make_shared<transfer>(client_->executor)), done_(std::move(done)),
          work_(std::move(work))
    {
    }

    void start() override
    {
        // Posted: co_spawn may run the coroutine at once, which could complete within the initiating call.
        boost::asio::post(transfer_->get_executor(), [self = this->shared_from_this()]() mutable {
            spawned& here = *self;
            boost::asio::co_spawn(here.transfer_->get_executor(), here.work_(*here.client_, *here.transfer_),
                                  [self = std::move(self)](std::exception_ptr error, outcome<Result> result) {
                                      self->transfer_->end();
                                      self->done_.release()->complete(
                                          error ? std::move(error) : std::move(result.error), std::move(result.value));
                                  });
        });
    }

    void cancel() override
    {
        boost::asio::post(transfer_->get_executor(),
                          [by = transfer_] { by->stop(boost::asio::error::operation_aborted); });
    }

private:
    const std::shared_ptr<detail::client_state> client_;
    const std::shared_ptr<transfer> transfer_;
    detail::completion_ptr<Result> done_;
    Work work_;
};

template <class Result, class Work>
std::shared_ptr<detail::operation> make_spawned(std::shared_ptr<detail::client_state> client,
                                                detail::completion_ptr<Result> done, Work work)
{
    return std::make_shared<spawned<Result, Work>>(std::move(client), std::move(done), std::move(work));
}

} // namespace tandem::http

#endif
