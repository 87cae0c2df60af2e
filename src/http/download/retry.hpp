#ifndef TANDEM_SRC_HTTP_DOWNLOAD_RETRY_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_RETRY_HPP

#include "http/exchange/exchange.hpp"
#include "http/failure.hpp"
#include "http/transfer.hpp"

#include <tandem/http/options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace tandem::http {

/// So much more of the file, and the tries before are forgotten.
inline constexpr std::uint64_t worth_a_retry = 1024 * 1024;

/// Tries of a file that have failed in a row, whatever their connections: one that brought `worth_a_retry` begins anew.
class failed_tries
{
public:
    /// Returns the number of the retry that is next, counted from 1.
    unsigned add(std::uint64_t gained) noexcept
    {
        count_ = gained >= worth_a_retry ? 1 : count_ + 1;
        return count_;
    }

    unsigned count() const noexcept { return count_; }

private:
    unsigned count_ = 0;
};

/// Whether the next try may go better: see retry_options.
bool may_pass(const failure& cause);

/// Whether the next try might go better, but the server asks for a longer wait than `options` allow.
bool asks_for_too_long(const retry_options& options, const failure& cause);

/// How long to wait before the `retry`th retry, counted from 1; nothing where there is to be none.
std::optional<std::chrono::milliseconds> delay_before_retry(const retry_options& options, const failure& cause,
                                                            unsigned retry, std::minstd_rand& random);

/// The server that asks to be left alone for a while; null where none does. Lives as long as the cause.
const refusing_server* asks_for_pause(const failure& cause);

/// The cause that such an answer of the origin `at` is. Where it is 429 or 503, and its Retry-After is not too long,
/// all downloads leave the origin alone for that time.
failure make_refusal(detail::client_state& client, const retry_options& options, const origin& at, const answer& from);

/// Whether no other server can make up for it: it is the disk's, or the user's wish.
bool is_own(const failure& cause);

/// Goes on after what only one try had not enough time for.
void forgive_step(transfer& by);

} // namespace tandem::http

#endif
