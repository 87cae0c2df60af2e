// The unit that travels between pool and worker: a header of 16 bytes and a payload. See doc/protocol.md.
#ifndef TANDEM_CHANNEL_FRAME_HPP
#define TANDEM_CHANNEL_FRAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace tandem::channel {

enum class frame_kind : std::uint16_t
{
    hello = 1,      ///< worker to pool, first of all: what the worker is
    settings = 2,   ///< pool to worker, the answer
    task = 3,       ///< pool to worker: a call
    result = 4,     ///< worker to pool: what the call returned
    failure = 5,    ///< worker to pool: what the call threw
    initialize = 6, ///< pool to worker: a call, before all others
    ready = 7,      ///< worker to pool: settings and initializer are done, where the settings ask for that
    bell = 8,       ///< worker to pool: there is something in the shared ring
    tasks = 9,      ///< pool to worker: a call for each of several argument lists
    large_result = 10, ///< worker to pool: a result with parts in shared memory
    in_pipe = 11,   ///< worker to pool, in the shared ring: what comes next there is in the pipe
    stored_task = 12,  ///< a task, a tasks or a large_result whose payload lies in shared memory, but for the head of a call: it
    stored_tasks = 13, ///< has a stored_payload instead
    stored_result = 14
};

inline constexpr frame_kind last_frame_kind = frame_kind::stored_result;

struct frame_header
{
    std::uint32_t size; ///< of the payload, in bytes
    std::uint16_t kind;
    std::uint16_t reserved; ///< zero
    std::uint64_t id;       ///< of the call; in a hello, hello_id; else zero
};
static_assert(sizeof(frame_header) == 16);

/// Payloads are padded to this, so that they, too, lie aligned in a buffer of frames.
inline constexpr std::size_t frame_alignment = 16;

/// "tandem" and the protocol's version: what tells a worker from a program that prints something.
inline constexpr std::uint64_t protocol_magic = 0x6d65'646e'6174'0000;
inline constexpr std::uint16_t protocol_version = 4;
inline constexpr std::uint64_t hello_id = protocol_magic | protocol_version;

/// Where the bytes of a stored frame lie.
struct stored_payload
{
    std::uint64_t position;
    std::uint64_t size;
};
static_assert(sizeof(stored_payload) == 16);

/// From these sizes on payloads are stored. Of a sequence of calls, arguments only where they fill the pipe, and results only where
/// the ring does not take them: many small messages at once are copied in less time than it takes to find room for them.
inline constexpr std::size_t stored_arguments = 4 * 1024;
inline constexpr std::size_t stored_sequence = 64 * 1024;
inline constexpr std::size_t stored_result = 8 * 1024;

constexpr std::uint64_t padded(std::uint64_t size) noexcept
{
    return (size + frame_alignment - 1) / frame_alignment * frame_alignment;
}

constexpr bool is_call(frame_kind kind) noexcept
{
    return kind == frame_kind::task || kind == frame_kind::tasks || kind == frame_kind::stored_task || kind == frame_kind::stored_tasks;
}
constexpr bool is_sequence(frame_kind kind) noexcept
{
    return kind == frame_kind::tasks || kind == frame_kind::stored_tasks;
}
constexpr bool is_stored(frame_kind kind) noexcept
{
    return kind == frame_kind::stored_task || kind == frame_kind::stored_tasks || kind == frame_kind::stored_result;
}

struct frame
{
    frame_kind kind;
    std::uint64_t id;
    std::span<const std::byte> payload;
};

/// Appends a frame to `out`. The payload must be smaller than 4 GiB.
void append_frame(std::vector<std::byte>& out, frame_kind kind, std::uint64_t id, std::span<const std::byte> payload);

/// The same without a copy of the payload: begin_frame, append the payload to `out`, end_frame with what it returned.
std::size_t begin_frame(std::vector<std::byte>& out, frame_kind kind, std::uint64_t id);
void end_frame(std::vector<std::byte>& out, std::size_t begin);

/// The frame that begins there, of whole ones.
frame frame_at(std::span<const std::byte> frames, std::size_t begin);

constexpr std::size_t size_of(const frame& f) noexcept
{
    return sizeof(frame_header) + static_cast<std::size_t>(padded(f.payload.size()));
}

/// Throws std::length_error where `bytes` are none.
stored_payload read_stored_payload(std::span<const std::byte> bytes);

/// Takes frames out of whole ones: of those that begin at `begin` or behind it, the ones for which is_unwanted(frame) holds.
/// How many.
template <class Predicate>
std::size_t remove_frames(std::vector<std::byte>& frames, std::size_t begin, Predicate is_unwanted)
{
    std::size_t kept = 0, removed = 0;
    for (std::size_t next = 0; next != frames.size();) {
        const frame f = frame_at(frames, next);
        const std::size_t size = size_of(f);
        if (next >= begin && is_unwanted(f)) {
            ++removed;
        } else {
            std::memmove(frames.data() + kept, frames.data() + next, kept == next ? 0 : size);
            kept += size;
        }
        next += size;
    }
    frames.resize(kept);
    return removed;
}

/// Of the frame that was begun there.
void change_kind(std::vector<std::byte>& out, std::size_t begin, frame_kind kind);

} // namespace tandem::channel

#endif
