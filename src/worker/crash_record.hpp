// What a worker that a fatal signal ends leaves behind for its parent, in memory that both share.
#ifndef TANDEM_WORKER_CRASH_RECORD_HPP
#define TANDEM_WORKER_CRASH_RECORD_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace tandem::worker {

/// Bytes that are all zero say that nothing happened. A text counts once its size is set.
struct crash_record
{
    std::uint32_t signal;
    std::uint32_t stack_overflow;
    std::uint32_t raw_size;
    std::uint32_t text_size;
    std::array<char, 8 * 1024> raw;   // the trace as addresses and modules
    std::array<char, 15 * 1024> text; // the same with names and source lines, where there was time for it
};
static_assert(std::is_trivial_v<crash_record> && std::is_standard_layout_v<crash_record>);
static_assert(sizeof(crash_record) <= 24 * 1024);

struct crash_report
{
    int signal = 0;              ///< 0: the worker's crash handler has not run.
    bool stack_overflow = false; ///< Whether the signal came of a full stack.
    std::string stack_trace;     ///< A line for each call, the innermost first; empty where there is none.
};

/// The parent's side. The worker may have been writing any bytes, and may be writing still.
crash_report read_crash(const crash_record& record);

/// The worker's side: makes the text seen, as much of it as has room.
void put_raw_trace(crash_record& record, std::string_view text) noexcept;
void put_symbolised_trace(crash_record& record, std::string_view text) noexcept;

} // namespace tandem::worker

#endif
