#include <simulate/pipe.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace simulate {

using boost::system::error_code;

void waiter::wait(continuation done)
{
    if (waiting_)
        throw std::logic_error(std::string("two waits: ") + what_);
    waiting_ = std::make_shared<continuation>(std::move(done));
    world_.add_wait();
}

void waiter::complete(const error_code& error)
{
    auto done = std::exchange(waiting_, nullptr);
    if (!done)
        return;
    world_.remove_wait();
    world_.make_ready(what_, [done = std::move(done), error] { (*done)(error); });
}

std::size_t pipe::read(std::span<std::byte> room)
{
    const std::size_t size = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), size, room.begin());
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    wake();
    return size;
}

std::size_t pipe::write(std::span<const std::byte> from)
{
    const std::size_t size = std::min(from.size(), capacity - std::min(capacity, bytes.size()));
    bytes.insert(bytes.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(size));
    wake();
    if (written)
        written();
    return size;
}

namespace {

class reader final : public tandem::io::pipe_reader
{
public:
    explicit reader(std::shared_ptr<pipe> p) : pipe_(std::move(p)) {}
    ~reader() override { close(); }

    std::size_t read_some(std::span<std::byte> room, error_code& error) override
    {
        error = {};
        if (is_closed_)
            error = boost::asio::error::bad_descriptor;
        else if (pipe_->bytes.empty())
            error = pipe_->has_writer ? error_code(boost::asio::error::would_block) : error_code(boost::asio::error::eof);
        return error ? 0 : pipe_->read(room);
    }

    void async_wait(continuation done) override
    {
        pipe_->reading.wait(std::move(done));
        if (is_closed_)
            pipe_->reading.complete(boost::asio::error::bad_descriptor);
        else
            pipe_->wake();
    }

    int native_handle() const noexcept override { return 0; } // the simulated loop asks for none
    void cancel_wait() noexcept override { pipe_->reading.complete(boost::asio::error::operation_aborted); }

    void close() noexcept override
    {
        is_closed_ = true;
        cancel_wait();
        pipe_->has_reader = false;
        pipe_->wake();
    }

private:
    std::shared_ptr<pipe> pipe_;
    bool is_closed_ = false;
};

class writer final : public tandem::io::pipe_writer
{
public:
    explicit writer(std::shared_ptr<pipe> p) : pipe_(std::move(p)) {}
    ~writer() override { close(); }

    std::size_t write_some(std::span<const std::byte> bytes, error_code& error) override
    {
        error = {};
        if (is_closed_)
            error = boost::asio::error::bad_descriptor;
        else if (pipe_->bytes.size() >= pipe_->capacity)
            error = boost::asio::error::would_block; // also where the worker is gone: the pool holds its end
        return error ? 0 : pipe_->write(bytes);
    }

    void async_wait(continuation done) override
    {
        pipe_->writing.wait(std::move(done));
        if (is_closed_)
            pipe_->writing.complete(boost::asio::error::bad_descriptor);
        else
            pipe_->wake();
    }

    void close() noexcept override
    {
        is_closed_ = true;
        pipe_->writing.complete(boost::asio::error::operation_aborted);
        pipe_->has_writer = false;
        pipe_->wake();
    }

private:
    std::shared_ptr<pipe> pipe_;
    bool is_closed_ = false;
};

} // namespace

std::unique_ptr<tandem::io::pipe_reader> reader_of(std::shared_ptr<pipe> p)
{
    return std::make_unique<reader>(std::move(p));
}

std::unique_ptr<tandem::io::pipe_writer> writer_of(std::shared_ptr<pipe> p)
{
    return std::make_unique<writer>(std::move(p));
}

} // namespace simulate
