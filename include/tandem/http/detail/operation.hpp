#ifndef TANDEM_HTTP_DETAIL_OPERATION_HPP
#define TANDEM_HTTP_DETAIL_OPERATION_HPP

// The seam between the headers and what is compiled once: an operation that knows no handler type, and a completion that
// knows nothing of HTTP. Not for users.

#include <tandem/detail/canceller.hpp>
#include <tandem/detail/pending_handler.hpp>
#include <tandem/http/download_list.hpp>
#include <tandem/http/options.hpp>
#include <tandem/http/request.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace tandem::http::detail {

using request_signature = void(std::exception_ptr, response);
using download_signature = void(std::exception_ptr, download_report);
using list_signature = void(std::exception_ptr, list_report);

struct download_request
{
    std::string url{};
    std::filesystem::path target{};
    std::shared_ptr<const download_options> options{}; ///< whoever works for the download holds on to them
};

class client_state;
std::shared_ptr<client_state> make_client_state(boost::asio::any_io_executor executor, const client_options& options);

/// Where an operation's result goes: exactly once, or it is destroyed unused when the context ends first.
template <class Result>
class completion
{
public:
    struct destroyer
    {
        void operator()(completion* self) const noexcept { self->destroy(); }
    };

    /// Frees itself, then calls the handler through its executor.
    virtual void complete(std::exception_ptr error, Result result) = 0;
    virtual void destroy() noexcept = 0;

protected:
    ~completion() = default;
};

template <class Result>
using completion_ptr = std::unique_ptr<completion<Result>, typename completion<Result>::destroyer>;

/// One that is under way.
class operation
{
public:
    virtual ~operation() = default;

    /// Begins the work; called once. Never completes within the call.
    virtual void start() = 0;

    /// From any thread, before `start` or after, any number of times.
    virtual void cancel() = 0;
};

std::shared_ptr<operation> make_operation(std::shared_ptr<client_state> client, request what,
                                          completion_ptr<response> done);
std::shared_ptr<operation> make_operation(std::shared_ptr<client_state> client, download_request what,
                                          completion_ptr<download_report> done);
std::shared_ptr<operation> make_operation(std::shared_ptr<client_state> client, download_list what,
                                          completion_ptr<list_report> done);

/// A completion that calls a handler.
template <class Result, class Handler, class Executor>
class handler_completion final : public completion<Result>
{
public:
    handler_completion(Handler&& handler, const Executor& executor) : pending_(std::move(handler), executor) {}

    Handler& handler() noexcept { return pending_.handler(); }

    void complete(std::exception_ptr error, Result result) override
    {
        take().complete(tandem::detail::completion_mode::dispatch, std::move(error), std::move(result));
    }

    void destroy() noexcept override { [[maybe_unused]] const auto uncalled = take(); }

private:
    using pending = tandem::detail::pending_handler<Handler, Executor>;

    pending take()
    {
        pending taken = std::move(pending_);
        tandem::detail::free_operation(this, taken.handler());
        return taken;
    }

    pending pending_;
};

template <class Executor, class Result, class What>
struct initiate
{
    using executor_type = Executor;

    executor_type get_executor() const noexcept { return executor; }

    template <class Handler>
    void operator()(Handler&& handler, What what) const
    {
        using handler_type = std::decay_t<Handler>;
        handler_type owned(std::forward<Handler>(handler));
        auto* const made =
            tandem::detail::allocate_operation<handler_completion<Result, handler_type, Executor>>(owned, executor);
        completion_ptr<Result> done(made);
        const std::shared_ptr<operation> begun = make_operation(state, std::move(what), std::move(done));
        tandem::detail::connect_canceller(
            made->handler(), [weak = std::weak_ptr(begun)](boost::asio::cancellation_type type) {
                if (type == boost::asio::cancellation_type::none)
                    return;
                if (const std::shared_ptr<operation> running = weak.lock())
                    running->cancel();
            });
        begun->start(); // until then nothing completes
    }

    Executor executor;
    std::shared_ptr<client_state> state;
};

} // namespace tandem::http::detail

#endif
