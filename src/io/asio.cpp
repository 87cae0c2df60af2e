#include <io/asio.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/post.hpp>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdint>
#include <utility>
#include <vector>

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

auto function_of(continuation next)
{
    return [next = std::move(next)]() mutable { next(error_code()); };
}

void assign(stream_descriptor& target, descriptor end)
{
    target.assign(end.get());
    end.release();
    target.non_blocking(true); // else Asio would wait in read_some and write_some
}

} // namespace

int native_handle(const stream_descriptor& descriptor) noexcept
{
    // Asio only has it for one that can be changed.
    return descriptor.is_open() ? const_cast<stream_descriptor&>(descriptor).native_handle() : -1;
}

asio_pipe_reader::asio_pipe_reader(const asio::any_io_executor& executor, descriptor end) : descriptor_(executor)
{
    assign(descriptor_, std::move(end));
}

std::size_t asio_pipe_reader::read_some(std::span<std::byte> room, error_code& error)
{
    return descriptor_.read_some(asio::buffer(room.data(), room.size()), error);
}

void asio_pipe_reader::async_wait(continuation done)
{
    descriptor_.async_wait(stream_descriptor::wait_read, handler_of(std::move(done)));
}

void asio_pipe_reader::cancel_wait() noexcept
{
    error_code ignored;
    descriptor_.cancel(ignored);
}

void asio_pipe_reader::close() noexcept
{
    error_code ignored;
    descriptor_.close(ignored);
}

asio_pipe_writer::asio_pipe_writer(const asio::any_io_executor& executor, descriptor end) : descriptor_(executor)
{
    assign(descriptor_, std::move(end));
}

std::size_t asio_pipe_writer::write_some(std::span<const std::byte> bytes, error_code& error)
{
    return descriptor_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
}

void asio_pipe_writer::async_wait(continuation done)
{
    descriptor_.async_wait(stream_descriptor::wait_write, handler_of(std::move(done)));
}

void asio_pipe_writer::close() noexcept
{
    error_code ignored;
    descriptor_.close(ignored);
}

void asio_timer::async_wait_until(time_point end, continuation done)
{
    timer_.expires_at(end);
    timer_.async_wait(handler_of(std::move(done)));
}

void asio_timer::cancel() noexcept
{
    timer_.cancel();
}

void asio_loop::post(continuation next)
{
    asio::post(executor_, function_of(std::move(next)));
}

void asio_loop::defer(continuation next)
{
    asio::defer(executor_, function_of(std::move(next)));
}

void asio_loop::wait_for(std::span<const waitable* const> any, time_point end)
{
    std::vector<pollfd> watched;
    for (const waitable* one : any) {
        watched.push_back({one->native_handle(), POLLIN, 0});
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now());
    ::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX)));
}

} // namespace tandem::io
