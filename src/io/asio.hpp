// The real ones: Asio's.
#ifndef TANDEM_IO_ASIO_HPP
#define TANDEM_IO_ASIO_HPP

#include <descriptor.hpp>
#include <io/loop.hpp>
#include <io/pipe.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <span>
#include <utility>

namespace tandem::io {

inline auto handler_of(continuation done)
{
    return [done = std::move(done)](const boost::system::error_code& error) mutable { done(error); };
}

/// Negative where it is closed.
int native_handle(const boost::asio::posix::stream_descriptor& descriptor) noexcept;

class asio_pipe_reader final : public pipe_reader
{
public:
    asio_pipe_reader(const boost::asio::any_io_executor& executor, descriptor end);

    std::size_t read_some(std::span<std::byte> room, boost::system::error_code& error) override;
    void async_wait(continuation done) override;
    void cancel_wait() noexcept override;
    void close() noexcept override;
    int native_handle() const noexcept override { return io::native_handle(descriptor_); }

private:
    boost::asio::posix::stream_descriptor descriptor_;
};

class asio_pipe_writer final : public pipe_writer
{
public:
    asio_pipe_writer(const boost::asio::any_io_executor& executor, descriptor end);

    std::size_t write_some(std::span<const std::byte> bytes, boost::system::error_code& error) override;
    void async_wait(continuation done) override;
    void close() noexcept override;

private:
    boost::asio::posix::stream_descriptor descriptor_;
};

class asio_timer final : public timer
{
public:
    explicit asio_timer(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    void async_wait_until(time_point end, continuation done) override;
    void cancel() noexcept override;

private:
    boost::asio::steady_timer timer_;
};

class asio_loop final : public loop
{
public:
    explicit asio_loop(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
    void post(continuation next) override;
    void defer(continuation next) override;
    std::unique_ptr<timer> make_timer() override { return std::make_unique<asio_timer>(executor_); }
    void abandon() noexcept override { executor_ = nullptr; }
    void wait_for(std::span<const waitable* const> any, time_point end) override;

private:
    boost::asio::any_io_executor executor_;
};

} // namespace tandem::io

#endif
