#ifndef TANDEM_SRC_HTTP_EXCHANGE_GZIP_DECODER_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_GZIP_DECODER_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace tandem::http {

/// Decodes the content codings gzip and x-gzip, as it comes, in memory that does not grow. Throws `failure`.
class gzip_decoder
{
public:
    using sink = std::function<void(std::span<const char>)>;

    /// See transfer_options::max_body_size and max_decoded_ratio.
    gzip_decoder(std::uint64_t max_decoded, unsigned max_ratio);
    gzip_decoder(const gzip_decoder&) = delete;
    gzip_decoder& operator=(const gzip_decoder&) = delete;
    ~gzip_decoder();

    /// Calls `to` with what it makes of `encoded`, in pieces of at most 64 KiB; what it throws goes through, and ends
    /// the decoder's use. `errc::body_too_large`, `errc::decoded_too_large`, `errc::undecodable_body`.
    void write(std::span<const char> encoded, const sink& to);

    /// At the end: `errc::undecodable_body` where there should be more.
    void finish() const;

    std::uint64_t decoded() const noexcept { return decoded_; }

private:
    struct state;

    void check_size() const;

    const std::uint64_t max_decoded_;
    const unsigned max_ratio_;
    std::unique_ptr<state> state_;
    std::uint64_t received_ = 0;
    std::uint64_t decoded_ = 0;
    bool at_end_ = false; ///< of a member
};

} // namespace tandem::http

#endif
