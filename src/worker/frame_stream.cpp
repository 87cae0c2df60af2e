#include <worker/frame_stream.hpp>

#include <empty_buffer.hpp>

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace tandem::worker {
namespace {

[[noreturn]] void throw_errno(const char* what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

frame_stream::frame_stream(int in, int out) : in_(in), out_(out), reader_(std::numeric_limits<std::uint32_t>::max()) {}

std::optional<channel::frame> frame_stream::next()
{
    auto f = reader_.next();
    if (!f && reader_.what_is_wrong() != channel::frame_reader::fault::none)
        throw std::runtime_error("the pool sent a malformed frame");
    return f;
}

bool frame_stream::receive()
{
    for (;;) {
        const auto room = reader_.prepare();
        const ssize_t size = ::read(in_, room.data(), room.size());
        if (size >= 0) {
            reader_.commit(static_cast<std::size_t>(size));
            return size != 0;
        }
        if (errno != EINTR)
            throw_errno("reading tasks");
    }
}

bool frame_stream::has_input_within(std::chrono::milliseconds time) const noexcept
{
    ::pollfd input{in_, POLLIN, 0};
    return ::poll(&input, 1, static_cast<int>(time.count())) != 0;
}

void frame_stream::flush()
{
    std::size_t written = 0;
    while (written != outgoing_.size()) {
        const ssize_t size = ::write(out_, outgoing_.data() + written, outgoing_.size() - written);
        if (size >= 0)
            written += static_cast<std::size_t>(size);
        else if (errno != EINTR)
            throw_errno("writing results");
    }
    detail::empty_buffer(outgoing_);
}

} // namespace tandem::worker
