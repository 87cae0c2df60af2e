// What the fuzz targets' messages may refer to: some bytes that were written, and more that were not.
#ifndef TANDEM_TEST_FUZZ_SHARED_MEMORY_HPP
#define TANDEM_TEST_FUZZ_SHARED_MEMORY_HPP

#include "target.hpp"

#include <arena/argument_memory.hpp>
#include <arena/result_memory.hpp>

#include <fcntl.h>

#include <memory>

namespace tandem::fuzz {

inline constexpr std::size_t shared_size = 1 << 20;

/// A message's references are to no more than `shared_size` in all, but a container that grows takes more.
constexpr std::size_t fair_shared_memory = 4 * shared_size;

inline std::uint64_t write_some(detail::large_writer& out)
{
    const auto place = out.make_room(detail::large_run);
    check(place.has_value(), "there is room");
    std::memset(place->memory, 1, detail::large_run);
    return place->position;
}

/// The pool's side of a worker's memory for large results.
struct shared_results
{
    std::shared_ptr<arena::result_memory> pool = std::make_shared<arena::result_memory>(shared_size);
    arena::result_writer worker{::fcntl(pool->worker_descriptor(), F_DUPFD_CLOEXEC, 0), shared_size, shared_size};
    std::uint64_t written = write_some(worker);
};

/// A worker's side of the memory for large arguments.
struct shared_arguments
{
    std::shared_ptr<arena::argument_memory> pool = std::make_shared<arena::argument_memory>(shared_size);
    std::unique_ptr<detail::large_writer> call = pool->room_for_call();
    arena::argument_reader worker{::fcntl(pool->worker_descriptor(), F_DUPFD_CLOEXEC, 0), shared_size};
    std::uint64_t written = write_some(*call);
};

} // namespace tandem::fuzz

#endif
