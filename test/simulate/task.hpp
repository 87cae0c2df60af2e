// What a simulated task is sent: its number, and what it does.
#ifndef TANDEM_TEST_SIMULATE_TASK_HPP
#define TANDEM_TEST_SIMULATE_TASK_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace simulate {

/// What it does when it runs.
enum class ending : std::uint8_t
{
    returns,
    throws,
    returns_much,     ///< through the pipe, or shared memory where there is some
    prints,           ///< a line, and returns
    prints_much,      ///< more than a pipe holds, and returns
    dies,
    prints_and_dies,
    exits,
    hangs,
    stops_when_asked, ///< and prints more than a pipe holds before it returns
    closes_output,    ///< and hangs
    answers_another,  ///< sends the outcome of a call that nobody made
    sends_garbage,
    returns_and_dies
};
inline constexpr std::size_t endings = 14;

inline constexpr std::array<const char*, endings> ending_names{
    "returns", "throws", "returns much", "prints", "prints much", "dies", "prints and dies", "exits", "hangs",
    "stops when asked", "closes its output", "answers another call", "sends garbage", "returns and dies"};

/// Whether it only ends when something ends it.
constexpr bool needs_end(ending how)
{
    return how == ending::hangs || how == ending::stops_when_asked || how == ending::closes_output;
}

struct simulated_arguments
{
    std::uint64_t number = 0;
    ending how = ending::returns;
};

inline simulated_arguments arguments_in(std::span<const std::byte> bytes)
{
    simulated_arguments a;
    std::memcpy(&a, bytes.data(), sizeof a);
    return a;
}

} // namespace simulate

#endif
