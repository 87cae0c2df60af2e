#ifndef TANDEM_SRC_HTTP_DOWNLOAD_DOWNLOAD_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_DOWNLOAD_HPP

#include "http/client_state.hpp"
#include "http/spawn.hpp"
#include "http/transfer.hpp"

#include <tandem/http/detail/operation.hpp>
#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>

namespace tandem::http {

/// The whole download. Throws nothing but out of memory.
boost::asio::awaitable<outcome<download_report>> download(detail::client_state& client, transfer& by,
                                                          detail::download_request what);

} // namespace tandem::http

#endif
