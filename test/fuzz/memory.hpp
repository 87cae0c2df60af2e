// How much memory a decoder takes for what it is given.
#ifndef TANDEM_TEST_FUZZ_MEMORY_HPP
#define TANDEM_TEST_FUZZ_MEMORY_HPP

#include <cstddef>

namespace tandem::fuzz {

/// Counts what this thread takes by operator new, in bytes, from the construction on. One at a time.
class memory_meter
{
public:
    memory_meter() noexcept;
    ~memory_meter();
    memory_meter(const memory_meter&) = delete;
    memory_meter& operator=(const memory_meter&) = delete;

    /// The most that was held at once.
    std::size_t peak() const noexcept;
};

/// What decoding `message` bytes may hold at once. A value can be much larger than its encoding (an empty string takes
/// 8 bytes there and 32 here, a set's node of one byte 48), and a vector that grows holds three times its size.
constexpr std::size_t fair_memory(std::size_t message) noexcept
{
    return 4096 + 200 * message;
}

} // namespace tandem::fuzz

#endif
