// The worker's side of the memory that it shares with its pool for large values.
#ifndef TANDEM_WORKER_LARGE_VALUES_HPP
#define TANDEM_WORKER_LARGE_VALUES_HPP

#include <arena/argument_memory.hpp>
#include <arena/result_memory.hpp>
#include <channel/hello.hpp>

#include <cstdint>
#include <optional>

namespace tandem::worker {

class large_values
{
public:
    /// Maps what the settings say is there. Throws boost::system::system_error.
    explicit large_values(const channel::worker_settings& settings);

    /// Nothing where there are none.
    arena::argument_reader* arguments() noexcept { return arguments_ ? &*arguments_ : nullptr; }
    arena::result_writer* results() noexcept { return results_ ? &*results_ : nullptr; }

    /// Bytes of address space.
    std::uint64_t mapped() const noexcept;

    /// After a task: its values no longer count as memory of this process. For limits and reports; pages that are used
    /// again are then mapped again, which costs a little.
    void leave() noexcept;

private:
    std::optional<arena::argument_reader> arguments_;
    std::optional<arena::result_writer> results_;
};

} // namespace tandem::worker

#endif
