#ifndef TANDEM_SRC_HTTP_CLIENT_STATE_HPP
#define TANDEM_SRC_HTTP_CLIENT_STATE_HPP

#include "http/connection/connection_pool.hpp"
#include "http/connection/proxy_rules.hpp"
#include "http/connection/tls.hpp"
#include "http/download/host_pauses.hpp"
#include "http/exchange/buffer_store.hpp"
#include "http/exchange/netrc.hpp"
#include "http/exchange/rate_limit.hpp"
#include "http/file/open_folder.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace tandem::http::detail {

/// What all of a client's operations share. Thread-safe.
class client_state
{
public:
    /// Throws what the client's constructor throws.
    client_state(boost::asio::any_io_executor on, const client_options& with);

    const boost::asio::any_io_executor executor;
    const client_options options;
    const proxy_rules proxies;
    const netrc logins;
    rate_limit rate;
    host_pauses pauses;
    buffer_store buffers;
    open_folders folders;
    tls_settings tls;
    const std::shared_ptr<connection_pool> pool;
};

} // namespace tandem::http::detail

#endif
