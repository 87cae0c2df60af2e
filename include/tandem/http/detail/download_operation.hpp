#ifndef TANDEM_HTTP_DETAIL_DOWNLOAD_OPERATION_HPP
#define TANDEM_HTTP_DETAIL_DOWNLOAD_OPERATION_HPP

// The seam between the header and what is compiled once: an operation that knows no handler type, and a completion that
// knows nothing of HTTP. Not for users.

#include <tandem/detail/pending_handler.hpp>
#include <tandem/http/options.hpp>

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

using download_signature = void(std::exception_ptr, download_report);

class client_state;
std::shared_ptr<client_state> make_client_state(boost::asio::any_io_executor executor, const client_options& options);

/// Where a download's result goes: exactly once, or it is destroyed unused when the context ends first.
class download_completion
{
public:
    struct destroyer
    {
        void operator()(download_completion* self) const noexcept { self->destroy(); }
    };

    /// Frees itself, then calls the handler through its executor.
    virtual void complete(std::exception_ptr error, download_report report) = 0;
    virtual void destroy() noexcept = 0;

protected:
    ~download_completion() = default;
};

using download_completion_ptr = std::unique_ptr<download_completion, download_completion::destroyer>;

class download_operation
{
public:
    virtual ~download_operation() = default;

    /// Starts the work; called once. Never completes within the call.
    virtual void start(std::string url, std::filesystem::path target, const download_options& options,
                       download_completion_ptr completion) = 0;

    /// From any thread, before `start` or after, any number of times.
    virtual void cancel() = 0;
};

std::shared_ptr<download_operation> make_download_operation(std::shared_ptr<client_state> state);

/// A download_completion that calls a handler.
template <class Handler, class Executor>
class handler_completion final : public download_completion
{
public:
    handler_completion(Handler&& handler, const Executor& executor) : pending_(std::move(handler), executor) {}

    void complete(std::exception_ptr error, download_report report) override
    {
        take().complete(tandem::detail::completion_mode::dispatch, std::move(error), std::move(report));
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

template <class Executor>
struct initiate_download
{
    using executor_type = Executor;

    executor_type get_executor() const noexcept { return executor; }

    template <class Handler>
    void operator()(Handler&& handler, std::string url, std::filesystem::path target,
                    const download_options& options) const
    {
        std::shared_ptr<download_operation> operation = make_download_operation(state);
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr(operation)](boost::asio::cancellation_type_t type) {
                if (type == boost::asio::cancellation_type::none) {
                    return;
                }
                if (std::shared_ptr<download_operation> running = weak.lock()) {
                    running->cancel();
                }
            });
        }
        std::decay_t<Handler> owned(std::forward<Handler>(handler));
        download_completion_ptr completion(
            tandem::detail::allocate_operation<handler_completion<std::decay_t<Handler>, Executor>>(owned, executor));
        operation->start(std::move(url), std::move(target), options, std::move(completion));
    }

    Executor executor;
    std::shared_ptr<client_state> state;
};

} // namespace tandem::http::detail

#endif
