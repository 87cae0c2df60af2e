#include <tandem/http/client.hpp>

#include "http/download.hpp"
#include "http/tls.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <stdexcept>

namespace asio = boost::asio;

namespace tandem::http {
namespace {

const client_options& checked(const client_options& options)
{
    const auto require = [](bool condition, const char* what) {
        if (!condition) {
            throw std::invalid_argument(what);
        }
    };
    require(options.max_connections_per_host >= 1, "http::client_options: max_connections_per_host is at least 1");
    require(options.max_connections >= 1, "http::client_options: max_connections is at least 1");
    require(options.idle_connection_timeout.count() >= 0, "http::client_options: idle_connection_timeout is negative");
    require(options.connect_timeout.count() > 0, "http::client_options: connect_timeout is more than zero");
    require(options.max_header_size >= 1024 && options.max_header_size <= 16 * 1024 * 1024,
            "http::client_options: max_header_size is between 1 KiB and 16 MiB");
    require(std::none_of(options.user_agent.begin(), options.user_agent.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }),
            "http::client_options: user_agent holds a control character");
    return options;
}

class operation final : public detail::download_operation, public std::enable_shared_from_this<operation>
{
public:
    explicit operation(std::shared_ptr<detail::client_state> client)
        : client_(std::move(client)), transfer_(std::make_shared<transfer>(client_->executor))
    {
    }

    void start(std::string url, std::filesystem::path target, const download_options& options,
               detail::download_completion_ptr completion) override
    {
        // Posted: co_spawn may run the coroutine at once, which could complete within the initiating call.
        asio::post(transfer_->get_executor(), [self = shared_from_this(), url = std::move(url),
                                               target = std::move(target), options,
                                               completion = std::move(completion)]() mutable {
            transfer& by = *self->transfer_;
            auto work = download(self->client_, self->transfer_, std::move(url), std::move(target), options);
            asio::co_spawn(by.get_executor(), std::move(work),
                           [self = std::move(self), completion = std::move(completion)](
                               std::exception_ptr error, download_result result) mutable {
                               completion.release()->complete(error ? std::move(error) : std::move(result.error),
                                                              std::move(result.report));
                           });
        });
    }

    void cancel() override
    {
        asio::post(transfer_->get_executor(), [by = transfer_] { by->stop(asio::error::operation_aborted); });
    }

private:
    std::shared_ptr<detail::client_state> client_;
    std::shared_ptr<transfer> transfer_;
};

} // namespace

namespace detail {

client_state::client_state(asio::any_io_executor on, const client_options& with)
    : executor(std::move(on)), options(checked(with)), tls(options.ca_file),
      pool(std::make_shared<connection_pool>(executor, options, tls))
{
}

std::shared_ptr<client_state> make_client_state(asio::any_io_executor executor, const client_options& options)
{
    return std::make_shared<client_state>(std::move(executor), options);
}

std::shared_ptr<download_operation> make_download_operation(std::shared_ptr<client_state> state)
{
    return std::make_shared<operation>(std::move(state));
}

} // namespace detail
} // namespace tandem::http
