#ifndef TANDEM_SRC_HTTP_DOWNLOAD_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_HPP

#include "http/connection_pool.hpp"
#include "http/tls.hpp"
#include "http/transfer.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <exception>
#include <filesystem>
#include <memory>
#include <string>

namespace tandem::http {
namespace detail {

/// What a client's downloads share.
class client_state
{
public:
    client_state(boost::asio::any_io_executor on, const client_options& with);

    const boost::asio::any_io_executor executor;
    const client_options options;
    tls_settings tls;
    const std::shared_ptr<connection_pool> pool;
};

} // namespace detail

/// An error is a value here: one that is thrown through coroutines leaves references in them, which would be dropped on
/// this thread while the user reads the error on another.
struct download_result
{
    std::exception_ptr error{}; ///< a `download_error`, or `std::bad_alloc`
    download_report report{};
};

/// The whole download.
boost::asio::awaitable<download_result> download(std::shared_ptr<detail::client_state> client,
                                                 std::shared_ptr<transfer> by, std::string url,
                                                 std::filesystem::path target, download_options options);

} // namespace tandem::http

#endif
