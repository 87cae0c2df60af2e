#ifndef TANDEM_SRC_HTTP_CONNECTION_HAPPY_EYEBALLS_HPP
#define TANDEM_SRC_HTTP_CONNECTION_HAPPY_EYEBALLS_HPP

#include "http/transfer.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <vector>

namespace tandem::http {

/// The addresses of both families in turn, the family of the first one first (RFC 8305, section 4).
std::vector<boost::asio::ip::tcp::endpoint> interleaved(const std::vector<boost::asio::ip::tcp::endpoint>& addresses);

/// Tries one address after the other (RFC 8305, section 5): the next one when the one before has failed, or has not
/// connected within `delay`, and then beside it. The first socket that is connected; else `error`: of those that
/// failed, the one by which most is known of the host. Ends when `by` is stopped. Where there are addresses to come
/// `from`, only with one of the same family.
boost::asio::awaitable<boost::asio::ip::tcp::socket> connect_one(transfer& by,
                                                                 const boost::asio::any_io_executor& executor,
                                                                 std::vector<boost::asio::ip::tcp::endpoint> addresses,
                                                                 const std::vector<boost::asio::ip::address>& from,
                                                                 std::chrono::milliseconds delay,
                                                                 boost::system::error_code& error);

} // namespace tandem::http

#endif
