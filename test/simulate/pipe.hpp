// A pipe between the pool and a simulated worker, and the pool's ends of it.
#ifndef TANDEM_TEST_SIMULATE_PIPE_HPP
#define TANDEM_TEST_SIMULATE_PIPE_HPP

#include <simulate/world.hpp>

#include <io/pipe.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace simulate {

/// Someone waits until something is so, at the pool's side.
class waiter
{
public:
    waiter(world& w, const char* what) : world_(w), what_(what) {}
    ~waiter()
    {
        if (waiting_)
            world_.remove_wait();
    }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    bool is_waiting() const noexcept { return waiting_ != nullptr; }
    void wait(continuation done);
    void complete(const boost::system::error_code& error);

private:
    world& world_;
    const char* what_;
    std::shared_ptr<continuation> waiting_;
};

/// Bytes on their way; what both ends share.
struct pipe
{
    pipe(world& w, std::size_t room, const char* readable, const char* writable)
        : capacity(room), reading(w, readable), writing(w, writable)
    {
    }

    std::size_t capacity;
    std::vector<std::byte> bytes;
    bool has_reader = true;
    bool has_writer = true;
    waiter reading, writing; ///< the pool's
    std::function<void()> written; ///< what happens after each write

    /// After each change.
    void wake()
    {
        if (!bytes.empty() || !has_writer)
            reading.complete({});
        if (bytes.size() < capacity || !has_reader)
            writing.complete({});
    }

    std::size_t read(std::span<std::byte> room);
    std::size_t write(std::span<const std::byte> from);
};

std::unique_ptr<tandem::io::pipe_reader> reader_of(std::shared_ptr<pipe> p);
std::unique_ptr<tandem::io::pipe_writer> writer_of(std::shared_ptr<pipe> p);

} // namespace simulate

#endif
