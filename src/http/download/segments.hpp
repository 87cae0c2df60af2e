#ifndef TANDEM_SRC_HTTP_DOWNLOAD_SEGMENTS_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_SEGMENTS_HPP

#include "http/download/attempt.hpp"

#include <boost/asio/awaitable.hpp>

namespace tandem::http {

/// Over how many connections the file should be fetched whose first answer is there: 1 where it cannot be divided.
unsigned segments_for(const job& of, const file_facts& facts);

/// Receives the body of that answer, and what is far from its beginning over further connections, whose failures are
/// made up for. Throws `failure`; `errc::range_mismatch` where the server contradicts itself.
boost::asio::awaitable<void> receive_in_segments(job& of, const file_facts& facts, unsigned count);

} // namespace tandem::http

#endif
