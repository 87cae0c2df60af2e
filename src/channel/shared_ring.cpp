#include <channel/shared_ring.hpp>

#include <tandem/detail/copy_bytes.hpp>

#include <algorithm>

namespace tandem::channel {
namespace {

constexpr std::size_t capacity = shared_ring::capacity;
constexpr std::size_t largest = capacity / 4; // so that one large frame does not send many small ones through the pipe
constexpr std::size_t kept_for_short = ring_writer::most_frames * ring_writer::short_frame;
static_assert(capacity % frame_alignment == 0 && sizeof(frame_header) == frame_alignment); // no header is cut in two

} // namespace

bool ring_writer::has_room(std::size_t size) noexcept
{
    const std::size_t room = size <= short_frame ? capacity : capacity - kept_for_short;
    const auto fits = [&] { return written_ - taken_ + size <= room; };
    if (!fits())
        taken_ = ring_.taken.load(std::memory_order_acquire);
    return fits();
}

void ring_writer::copy_in(std::span<const std::byte> frame) noexcept
{
    const auto at = static_cast<std::size_t>(written_ % capacity);
    const std::size_t first = std::min(frame.size(), capacity - at);
    detail::copy_bytes(ring_.bytes.data() + at, frame.data(), first);
    detail::copy_bytes(ring_.bytes.data(), frame.data() + first, frame.size() - first);
    written_ += frame.size();
    ring_.written.store(written_, std::memory_order_release);
}

bool ring_writer::put(std::span<const std::byte> frame) noexcept
{
    if (frame.size() > largest || !has_room(frame.size()))
        return false;
    copy_in(frame);
    return true;
}

void ring_writer::put_notice(std::uint64_t id) noexcept
{
    const frame_header header{0, static_cast<std::uint16_t>(frame_kind::in_pipe), 0, id};
    copy_in(std::as_bytes(std::span(&header, 1)));
}

bool ring_writer::must_ring() noexcept
{
    // Either we see that the reader sleeps, or it sees what we wrote before it does.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return ring_.bell_wanted.load(std::memory_order_relaxed) != 0 &&
           ring_.bell_wanted.exchange(0, std::memory_order_seq_cst) != 0;
}

ring_reader::ring_reader(shared_ring& ring) : ring_(ring), frames_(largest) {}

std::optional<frame> ring_reader::next()
{
    do {
        if (const auto f = frames_.next())
            return f;
        faulty_ = faulty_ || frames_.what_is_wrong() != frame_reader::fault::none;
    } while (take_some());
    return std::nullopt;
}

bool ring_reader::take_some()
{
    const std::uint64_t unread = ring_.written.load(std::memory_order_acquire) - taken_;
    // Frames are put in whole.
    faulty_ = faulty_ || unread > capacity || (unread == 0 && !frames_.unread().empty());
    if (faulty_ || unread == 0)
        return false;
    const auto room = frames_.prepare();
    const std::size_t size = std::min<std::size_t>(room.size(), unread);
    const auto at = static_cast<std::size_t>(taken_ % capacity);
    const std::size_t first = std::min(size, capacity - at);
    detail::copy_bytes(room.data(), ring_.bytes.data() + at, first);
    detail::copy_bytes(room.data() + first, ring_.bytes.data(), size - first);
    frames_.commit(size);
    taken_ += size;
    ring_.taken.store(taken_, std::memory_order_release);
    return true;
}

bool ring_reader::sleep() noexcept
{
    ring_.bell_wanted.store(1, std::memory_order_seq_cst);
    return ring_.written.load(std::memory_order_seq_cst) != taken_;
}

} // namespace tandem::channel
