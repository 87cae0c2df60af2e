// Where the large parts of a value go when they need not be in its message. The codec knows no more of shared memory
// than this.
#ifndef TANDEM_DETAIL_LARGE_VALUES_HPP
#define TANDEM_DETAIL_LARGE_VALUES_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace tandem::detail {

/// A run of bytes (a vector's elements, a string's characters) of this size or more is large. Below it one more copy, of
/// bytes in the cache, costs no more than the bookkeeping.
inline constexpr std::size_t large_run = 64 * 1024;

/// A message with a run of more than max_message_size: found before it is copied, as it may not even fit in memory.
class over_limit : public std::length_error
{
public:
    explicit over_limit(std::size_t size) : length_error("has " + std::to_string(size) + " bytes in one piece") {}
};

/// Room for a large run.
struct large_place
{
    std::uint64_t position; ///< by which the other side finds it
    std::byte* memory;
};

/// The large runs of one message, as it is encoded. Holds their memory.
class large_writer
{
public:
    virtual ~large_writer() = default;

    /// Nothing where there is no room: the run then goes into the message. Throws over_limit.
    virtual std::optional<large_place> make_room(std::size_t size) = 0;

    /// Bytes of all runs so far.
    virtual std::size_t size() const noexcept = 0;
};

/// The large runs of one message, as it is decoded.
class large_reader
{
public:
    virtual ~large_reader() = default;

    /// The run that lies there. Throws std::range_error where none can.
    virtual const std::byte* find(std::uint64_t position, std::size_t size) = 0;
};

} // namespace tandem::detail

#endif
