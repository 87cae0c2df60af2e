// Bytes in, frames out. Sans-io, and does not trust the bytes.
#ifndef TANDEM_CHANNEL_FRAME_READER_HPP
#define TANDEM_CHANNEL_FRAME_READER_HPP

#include <channel/frame.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace tandem::channel {

class frame_reader
{
public:
    enum class fault
    {
        none,
        bad_header, ///< an unknown kind, or reserved bits
        too_large   ///< a payload beyond the limit
    };

    /// `limit`: the largest payload accepted, in bytes.
    explicit frame_reader(std::size_t limit);

    /// Where the next bytes go; valid until the next call of any function here.
    std::span<std::byte> prepare();

    /// `size` bytes have been put there.
    void commit(std::size_t size);

    /// The next whole frame; its payload is valid until the next call of prepare(). Nothing where more bytes are
    /// needed, and after a fault for ever.
    std::optional<frame> next();

    /// Frees a large frame's memory, where nothing is unread; its payload is no longer valid.
    void give_back() noexcept;

    fault what_is_wrong() const noexcept { return fault_; }

    /// What has come in and is not a whole frame yet.
    std::span<const std::byte> unread() const noexcept { return {buffer_.data() + begin_, end_ - begin_}; }

private:
    std::size_t limit_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t wanted_ = 0; // of the frame at begin_, as far as it is known
    fault fault_ = fault::none;
};

} // namespace tandem::channel

#endif
