// The worker's end of the protocol's two pipes. Blocking: a worker has nothing else to do.
#ifndef TANDEM_WORKER_FRAME_STREAM_HPP
#define TANDEM_WORKER_FRAME_STREAM_HPP

#include <channel/frame_reader.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace tandem::worker {

class frame_stream
{
public:
    frame_stream(int in, int out);

    /// The next frame, valid until the next call; nothing at the end. Calls before_waiting() where it is not here yet.
    /// Throws std::system_error and, for what is no frame, std::runtime_error.
    template <class Function>
    std::optional<channel::frame> read(Function before_waiting)
    {
        for (;;) {
            if (auto f = next())
                return f;
            before_waiting();
            if (!receive())
                return std::nullopt;
        }
    }
    std::optional<channel::frame> read()
    {
        return read([] {});
    }

    /// Whether more than the last frame has been received.
    bool has_more() const noexcept { return !reader_.unread().empty(); }

    /// Waits for so long at most. False where nothing has come.
    bool has_input_within(std::chrono::milliseconds time) const noexcept;

    /// Frames to be sent are appended here, then flushed.
    std::vector<std::byte>& outgoing() noexcept { return outgoing_; }

    /// Writes what was appended. Throws std::system_error.
    void flush();

private:
    std::optional<channel::frame> next();
    bool receive(); // false at the end

    int in_;
    int out_;
    channel::frame_reader reader_;
    std::vector<std::byte> outgoing_;
};

} // namespace tandem::worker

#endif
