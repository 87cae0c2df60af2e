// Frames from a worker to its pool through memory that both share: no system call, and what was put there is still
// there when the worker has died. One writer and one reader; the reader believes nothing that the writer says.
#ifndef TANDEM_CHANNEL_SHARED_RING_HPP
#define TANDEM_CHANNEL_SHARED_RING_HPP

#include <channel/frame_reader.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tandem::channel {

/// All zero at first.
struct shared_ring
{
    /// In bytes. Small results of all tasks that a worker holds have room.
    static constexpr std::size_t capacity = std::size_t{256} * 1024;

    alignas(64) std::atomic<std::uint64_t> written;     ///< bytes ever; changed by the writer only
    alignas(64) std::atomic<std::uint64_t> taken;       ///< bytes ever; changed by the reader only
    alignas(64) std::atomic<std::uint32_t> bell_wanted; ///< the reader sleeps: set by it, cleared by who rings
    alignas(64) std::array<std::byte, capacity> bytes;
};

class ring_writer
{
public:
    explicit ring_writer(shared_ring& ring) : ring_(ring), written_(ring.written.load(std::memory_order_relaxed)) {}

    /// Puts a whole frame in, padding included. False where it is large, or too much is unread: then it goes another
    /// way, and put_notice() says so. There is always room for those of short_frame bytes at most, and for notices, as a
    /// worker holds at most most_frames calls.
    bool put(std::span<const std::byte> frame) noexcept;

    /// Says in the frame's place that it comes through the pipe.
    void put_notice(std::uint64_t id) noexcept;

    /// Whether the reader must be woken, by whoever is told so.
    bool must_ring() noexcept;

    static constexpr std::size_t most_frames = 1024;
    static constexpr std::size_t short_frame = sizeof(frame_header) + sizeof(stored_payload); ///< that of a stored one

private:
    bool has_room(std::size_t size) noexcept;
    void copy_in(std::span<const std::byte> frame) noexcept;

    shared_ring& ring_;
    std::uint64_t written_;
    std::uint64_t taken_ = 0; // at least; looked at anew where that is too little, as looking costs the other side
};

class ring_reader
{
public:
    explicit ring_reader(shared_ring& ring);

    /// The next frame, a copy that is valid until the next call. Nothing where none is there, and after a fault for
    /// ever.
    std::optional<frame> next();

    /// After next() gave nothing: whether something has come since.
    bool has_next() const noexcept { return ring_.written.load(std::memory_order_acquire) != taken_; }

    /// Is awake, and will look by itself.
    void wake() noexcept { ring_.bell_wanted.store(0, std::memory_order_relaxed); }

    /// Asks to be woken. True where something has come meanwhile: then there may be no call.
    bool sleep() noexcept;

    bool is_faulty() const noexcept { return faulty_; }

private:
    bool take_some();

    shared_ring& ring_;
    std::uint64_t taken_ = 0; // out of the ring
    frame_reader frames_;     // many at once, before they are believed
    bool faulty_ = false;
};

} // namespace tandem::channel

#endif
