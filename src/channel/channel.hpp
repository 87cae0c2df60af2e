// Frames over a pair of pipes. Never blocks; what is appended while something is being sent goes out
// together with the next. Not thread-safe: its owner sees to it that its functions do not overlap.
#ifndef TANDEM_CHANNEL_CHANNEL_HPP
#define TANDEM_CHANNEL_CHANNEL_HPP

#include <channel/frame_reader.hpp>
#include <empty_buffer.hpp>
#include <io/pipe.hpp>

#include <boost/asio/error.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace tandem::channel {

class channel
{
public:
    /// `limit`: the largest payload accepted, in bytes.
    channel(std::unique_ptr<io::pipe_reader> in, std::unique_ptr<io::pipe_writer> out, std::size_t limit)
        : in_(std::move(in)), out_(std::move(out)), reader_(limit)
    {
    }

    /// The frames that have come in.
    frame_reader& reader() noexcept { return reader_; }

    /// Frames to be sent are appended here, then flushed.
    std::vector<std::byte>& outgoing() noexcept { return outgoing_; }

    /// Waits until there is something to read. `done` must call readable_done() first. None may be under way. While it
    /// waits, read_now() may be called.
    void async_wait_readable(io::continuation done)
    {
        in_->async_wait(std::move(done));
        waiting_readable_ = true;
    }
    void readable_done() noexcept { waiting_readable_ = false; }
    bool is_waiting_readable() const noexcept { return waiting_readable_; }

    /// Reads once, without waiting: would_block when nothing more is there, eof at the end of file.
    boost::system::error_code read_now()
    {
        boost::system::error_code error;
        const auto room = reader_.prepare();
        const std::size_t size = in_->read_some(room, error);
        reader_.commit(size);
        bytes_received_ += size;
        if (!error && size < room.size()) // a pipe gives all that it holds
            error = boost::asio::error::would_block;
        return error;
    }

    /// Reads what is there, and forgets it.
    void discard_incoming()
    {
        std::array<std::byte, 4096> ignored;
        boost::system::error_code error;
        constexpr int most_reads = 64; // of a worker that writes without end
        for (int i = 0; i != most_reads && !error; ++i)
            in_->read_some(ignored, error);
        is_at_end_ = error && error != boost::asio::error::would_block;
    }

    /// Where more may come; nothing at the end, as far as discard_incoming() has seen it.
    const io::waitable* incoming() const noexcept { return is_at_end_ ? nullptr : in_.get(); }

    /// Sends what was appended, as far as the pipe has room. False where some is left: then it is sent by
    /// async_wait_writable and another call; or never, by a write_error(). None may be under way.
    bool flush_now()
    {
        if (sending_.empty())
            std::swap(sending_, outgoing_);
        boost::system::error_code error;
        while (sent_ != sending_.size() && !error) {
            const std::size_t size = out_->write_some(std::span(sending_).subspan(sent_), error);
            sent_ += size;
            bytes_sent_ += size;
        }
        if (sent_ != sending_.size()) {
            if (error != boost::asio::error::would_block)
                write_error_ = error;
            return error && error != boost::asio::error::would_block;
        }
        sent_ = 0;
        detail::empty_buffer(sending_);
        return outgoing_.empty() || flush_now();
    }

    /// Why the rest cannot be sent. Not the end of the worker, whose end of the pipe somebody else holds as well.
    const boost::system::error_code& write_error() const noexcept { return write_error_; }

    /// Takes back of what was appended the frames for which is_unwanted(frame) holds, as far as nothing of them is sent. How
    /// many.
    template <class Predicate>
    std::size_t remove_unsent(Predicate is_unwanted)
    {
        return remove_frames(sending_, sent_, is_unwanted) + remove_frames(outgoing_, 0, is_unwanted);
    }

    /// Waits until the pipe has room. `done` must call writable_done() first.
    void async_wait_writable(io::continuation done)
    {
        out_->async_wait(std::move(done));
        waiting_writable_ = true;
    }
    void writable_done() noexcept { waiting_writable_ = false; }
    bool is_waiting_writable() const noexcept { return waiting_writable_; }

    /// Whether some of what was appended is not sent.
    bool has_unsent() const noexcept { return sent_ != sending_.size() || !outgoing_.empty(); }

    /// Ever, and so that progress shows.
    std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
    std::uint64_t bytes_received() const noexcept { return bytes_received_; }

    void cancel_wait_readable() noexcept { in_->cancel_wait(); }

    /// Tells the worker that nothing more will come.
    void close_out() noexcept { out_->close(); }

    void close() noexcept
    {
        in_->close();
        out_->close();
    }

private:
    std::unique_ptr<io::pipe_reader> in_;
    std::unique_ptr<io::pipe_writer> out_;
    frame_reader reader_;
    std::vector<std::byte> outgoing_; // appended to
    std::vector<std::byte> sending_;  // on its way
    std::size_t sent_ = 0;            // of it
    std::uint64_t bytes_sent_ = 0;
    std::uint64_t bytes_received_ = 0;
    boost::system::error_code write_error_;
    bool waiting_writable_ = false;
    bool waiting_readable_ = false;
    bool is_at_end_ = false;
};

} // namespace tandem::channel

#endif
