#include <channel/frame.hpp>

#include <cstring>

namespace tandem::channel {

std::size_t begin_frame(std::vector<std::byte>& out, frame_kind kind, std::uint64_t id)
{
    const std::size_t begin = out.size();
    const frame_header header{0, static_cast<std::uint16_t>(kind), 0, id};
    out.resize(begin + sizeof header);
    std::memcpy(out.data() + begin, &header, sizeof header);
    return begin;
}

void end_frame(std::vector<std::byte>& out, std::size_t begin)
{
    const auto size = static_cast<std::uint32_t>(out.size() - begin - sizeof(frame_header));
    std::memcpy(out.data() + begin + offsetof(frame_header, size), &size, sizeof size);
    out.resize(begin + sizeof(frame_header) + padded(size));
}

void change_kind(std::vector<std::byte>& out, std::size_t begin, frame_kind kind)
{
    const auto number = static_cast<std::uint16_t>(kind);
    std::memcpy(out.data() + begin + offsetof(frame_header, kind), &number, sizeof number);
}

void append_frame(std::vector<std::byte>& out, frame_kind kind, std::uint64_t id, std::span<const std::byte> payload)
{
    const std::size_t begin = out.size();
    const frame_header header{static_cast<std::uint32_t>(payload.size()), static_cast<std::uint16_t>(kind), 0, id};
    out.resize(begin + sizeof header + padded(payload.size()));
    std::memcpy(out.data() + begin, &header, sizeof header);
    if (!payload.empty())
        std::memcpy(out.data() + begin + sizeof header, payload.data(), payload.size());
}

} // namespace tandem::channel
