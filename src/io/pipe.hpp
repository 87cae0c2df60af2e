// Ends of pipes that never block.
#ifndef TANDEM_IO_PIPE_HPP
#define TANDEM_IO_PIPE_HPP

#include <io/continuation.hpp>
#include <io/waitable.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <span>

namespace tandem::io {

/// Not thread-safe. One wait at a time.
class pipe_reader : public waitable
{
public:
    virtual ~pipe_reader() = default;

    /// Reads once: would_block where nothing is there, eof at the end of file. How many bytes.
    virtual std::size_t read_some(std::span<std::byte> room, boost::system::error_code& error) = 0;

    /// `done` is called on the pool's executor when there is something to read, or with operation_aborted.
    virtual void async_wait(continuation done) = 0;

    /// Ends the wait. It may be that `done` is to be called for what came before.
    virtual void cancel_wait() noexcept = 0;

    virtual void close() noexcept = 0;
};

class pipe_writer
{
public:
    virtual ~pipe_writer() = default;

    /// Writes once: would_block where there is no room. How many bytes.
    virtual std::size_t write_some(std::span<const std::byte> bytes, boost::system::error_code& error) = 0;

    /// `done` is called on the pool's executor when there is room, or with operation_aborted.
    virtual void async_wait(continuation done) = 0;

    virtual void close() noexcept = 0;
};

} // namespace tandem::io

#endif
