#include <channel/frame_reader.hpp>

#include <empty_buffer.hpp>

#include <algorithm>
#include <cstring>

namespace tandem::channel {
namespace {

constexpr std::size_t usual_size = 64 * 1024; // a pipe's capacity, so that one read can empty it

} // namespace

frame_reader::frame_reader(std::size_t limit) : limit_(limit), buffer_(usual_size) {}

std::span<std::byte> frame_reader::prepare()
{
    give_back();
    const std::size_t have = end_ - begin_;
    const bool fits = begin_ + wanted_ <= buffer_.size() && end_ < buffer_.size();
    if (begin_ != 0 && (have == 0 || !fits)) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, have);
        begin_ = 0;
        end_ = have;
    }
    if (end_ == buffer_.size())
        // Grow by what has really come, not by what a header claims.
        buffer_.resize(std::max(usual_size, 2 * buffer_.size()));
    return std::span(buffer_).subspan(end_);
}

void frame_reader::give_back() noexcept
{
    if (begin_ != end_ || buffer_.size() <= detail::most_kept)
        return;
    detail::empty_buffer(buffer_);
    begin_ = end_ = 0;
}

void frame_reader::commit(std::size_t size)
{
    end_ += size;
}

std::optional<frame> frame_reader::next()
{
    wanted_ = sizeof(frame_header);
    if (fault_ != fault::none || end_ - begin_ < wanted_)
        return std::nullopt;
    frame_header header;
    std::memcpy(&header, buffer_.data() + begin_, sizeof header);
    if (header.kind < static_cast<std::uint16_t>(frame_kind::hello) ||
        header.kind > static_cast<std::uint16_t>(last_frame_kind) || header.reserved != 0) {
        fault_ = fault::bad_header;
        return std::nullopt;
    }
    if (header.size > limit_) {
        fault_ = fault::too_large;
        return std::nullopt;
    }
    wanted_ += static_cast<std::size_t>(padded(header.size));
    if (end_ - begin_ < wanted_)
        return std::nullopt;
    const frame f{static_cast<frame_kind>(header.kind), header.id,
                  std::span<const std::byte>(buffer_).subspan(begin_ + sizeof header, header.size)};
    begin_ += wanted_;
    wanted_ = 0;
    return f;
}

} // namespace tandem::channel
