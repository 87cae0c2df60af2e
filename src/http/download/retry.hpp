#ifndef TANDEM_SRC_HTTP_DOWNLOAD_RETRY_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_RETRY_HPP

#include "http/exchange/exchange.hpp"
#include "http/failure.hpp"
#include "http/transfer.hpp"

#include <tandem/http/options.hpp>

#include <chrono>
#include <optional>

namespace tandem::http {

/// Whether the next try may go better: see retry_options.
bool may_pass(const failure& cause);

/// Whether the server asks to be left alone for a while.
bool asks_for_pause(const failure& cause);

/// What a refusal's Retry-After asks for. Where it is 429 or 503 and that is not too long, the origin `at` is left
/// alone for it by all downloads.
std::optional<std::chrono::seconds> heed_retry_after(detail::client_state& client, const retry_options& options,
                                                     const origin& at, const answer& refusal);

/// Whether no other server can make up for it: it is the disk's, or the user's wish.
bool is_own(const failure& cause);

/// Goes on after what only one try had not enough time for.
void forgive_step(transfer& by);

} // namespace tandem::http

#endif
