// Frames over a pair of pipes, with Asio. Never blocks; what is appended while something is being sent goes out
// together with the next. Not thread-safe: its owner sees to it that its functions do not overlap.
#ifndef TANDEM_CHANNEL_CHANNEL_HPP
#define TANDEM_CHANNEL_CHANNEL_HPP

#include <channel/frame_reader.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace tandem::channel {

class channel
{
public:
    /// Takes the descriptors over. `limit`: the largest payload accepted, in bytes.
    channel(const boost::asio::any_io_executor& executor, int in, int out, std::size_t limit)
        : in_(executor, in), out_(executor, out), reader_(limit)
    {
        in_.non_blocking(true); // else Asio would wait in read_now() and flush_now()
        out_.non_blocking(true);
    }

    /// The frames that have come in.
    frame_reader& reader() noexcept { return reader_; }

    /// Frames to be sent are appended here, then flushed.
    std::vector<std::byte>& outgoing() noexcept { return outgoing_; }

    /// Waits until there is something to read. handler(error_code) must call readable_done() first. None may be under
    /// way. While it waits, read_now() may be called.
    template <class Handler>
    void async_wait_readable(Handler&& handler)
    {
        waiting_readable_ = true;
        in_.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::forward<Handler>(handler));
    }
    void readable_done() noexcept { waiting_readable_ = false; }
    bool is_waiting_readable() const noexcept { return waiting_readable_; }

    /// Reads once, without waiting: would_block when nothing more is there, eof at the end of file.
    boost::system::error_code read_now()
    {
        boost::system::error_code error;
        const auto room = reader_.prepare();
        const std::size_t size = in_.read_some(boost::asio::buffer(room.data(), room.size()), error);
        reader_.commit(size);
        bytes_received_ += size;
        if (!error && size < room.size()) // a pipe gives all that it holds
            error = boost::asio::error::would_block;
        return error;
    }

    /// Sends what was appended, as far as the pipe has room. False where some is left: then it is sent by
    /// async_wait_writable and another call. None may be under way.
    bool flush_now()
    {
        if (sending_.empty())
            std::swap(sending_, outgoing_);
        boost::system::error_code error;
        while (sent_ != sending_.size() && !error) {
            const std::size_t size = out_.write_some(boost::asio::buffer(sending_) + sent_, error);
            sent_ += size;
            bytes_sent_ += size;
        }
        if (sent_ != sending_.size())
            return error && error != boost::asio::error::would_block; // else its end is on the way
        sent_ = 0;
        constexpr std::size_t kept = 1 << 20; // enough for batches; a large message's memory is given back
        if (sending_.capacity() > kept)
            sending_ = {};
        else
            sending_.clear();
        return outgoing_.empty() || flush_now();
    }

    /// Takes back of what was appended the frames for which is_unwanted(frame) holds, as far as nothing of them is sent. How
    /// many.
    template <class Predicate>
    std::size_t remove_unsent(Predicate is_unwanted)
    {
        return remove_frames(sending_, sent_, is_unwanted) + remove_frames(outgoing_, 0, is_unwanted);
    }

    /// Waits until the pipe has room. handler(error_code) must call writable_done() first.
    template <class Handler>
    void async_wait_writable(Handler&& handler)
    {
        waiting_writable_ = true;
        out_.async_wait(boost::asio::posix::stream_descriptor::wait_write, std::forward<Handler>(handler));
    }
    void writable_done() noexcept { waiting_writable_ = false; }
    bool is_waiting_writable() const noexcept { return waiting_writable_; }

    /// Whether some of what was appended is not sent.
    bool has_unsent() const noexcept { return sent_ != sending_.size() || !outgoing_.empty(); }

    /// Ever, and so that progress shows.
    std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
    std::uint64_t bytes_received() const noexcept { return bytes_received_; }

    void cancel_wait_readable() noexcept
    {
        boost::system::error_code ignored;
        in_.cancel(ignored);
    }

    /// Tells the worker that nothing more will come.
    void close_out() noexcept
    {
        boost::system::error_code ignored;
        out_.close(ignored);
    }

    void close() noexcept
    {
        boost::system::error_code ignored;
        in_.close(ignored);
        out_.close(ignored);
    }

private:
    boost::asio::posix::stream_descriptor in_;
    boost::asio::posix::stream_descriptor out_;
    frame_reader reader_;
    std::vector<std::byte> outgoing_; // appended to
    std::vector<std::byte> sending_;  // on its way
    std::size_t sent_ = 0;            // of it
    std::uint64_t bytes_sent_ = 0;
    std::uint64_t bytes_received_ = 0;
    bool waiting_writable_ = false;
    bool waiting_readable_ = false;
};

} // namespace tandem::channel

#endif
