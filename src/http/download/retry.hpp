#ifndef TANDEM_SRC_HTTP_DOWNLOAD_RETRY_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_RETRY_HPP

#include "http/failure.hpp"
#include "http/transfer.hpp"

namespace tandem::http {

/// Whether the next try may go better: see retry_options.
bool may_pass(const failure& cause);

/// Whether the server asks to be left alone for a while.
bool asks_for_pause(const failure& cause);

/// Whether no other server can make up for it: it is the disk's, or the user's wish.
bool is_own(const failure& cause);

/// Goes on after what only one try had not enough time for.
void forgive_step(transfer& by);

} // namespace tandem::http

#endif
