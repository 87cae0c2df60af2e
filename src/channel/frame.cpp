#include <channel/frame.hpp>

#include <tandem/detail/copy_bytes.hpp>

#include <cstring>
#include <stdexcept>

namespace tandem::channel {
namespace {

void put_header(std::byte* to, std::size_t size, frame_kind kind, std::uint64_t id)
{
    const frame_header header{static_cast<std::uint32_t>(size), static_cast<std::uint16_t>(kind), 0, id};
    std::memcpy(to, &header, sizeof header);
}

} // namespace

std::size_t begin_frame(std::vector<std::byte>& out, frame_kind kind, std::uint64_t id)
{
    const std::size_t begin = out.size();
    out.resize(begin + sizeof(frame_header));
    put_header(out.data() + begin, 0, kind, id);
    return begin;
}

void end_frame(std::vector<std::byte>& out, std::size_t begin)
{
    const auto size = static_cast<std::uint32_t>(out.size() - begin - sizeof(frame_header));
    std::memcpy(out.data() + begin + offsetof(frame_header, size), &size, sizeof size);
    out.resize(begin + sizeof(frame_header) + padded(size));
}

frame frame_at(std::span<const std::byte> frames, std::size_t begin)
{
    frame_header header;
    std::memcpy(&header, frames.data() + begin, sizeof header);
    return {static_cast<frame_kind>(header.kind), header.id, frames.subspan(begin + sizeof header, header.size)};
}

void change_kind(std::vector<std::byte>& out, std::size_t begin, frame_kind kind)
{
    const auto number = static_cast<std::uint16_t>(kind);
    std::memcpy(out.data() + begin + offsetof(frame_header, kind), &number, sizeof number);
}

void append_frame(std::vector<std::byte>& out, frame_kind kind, std::uint64_t id, std::span<const std::byte> payload)
{
    const std::size_t begin = out.size();
    out.resize(begin + sizeof(frame_header) + padded(payload.size()));
    put_header(out.data() + begin, payload.size(), kind, id);
    detail::copy_bytes(out.data() + begin + sizeof(frame_header), payload.data(), payload.size());
}

stored_payload read_stored_payload(std::span<const std::byte> bytes)
{
    stored_payload stored;
    if (bytes.size() != sizeof stored)
        throw std::length_error("the message does not say where its bytes are stored");
    std::memcpy(&stored, bytes.data(), sizeof stored);
    return stored;
}

} // namespace tandem::channel
