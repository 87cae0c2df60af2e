// What workers print, on its way to the program's stderr. Nobody waits for that: what it does not take is dropped, counted
// and told.
#ifndef TANDEM_PROCESS_POOL_INHERITED_OUTPUT_HPP
#define TANDEM_PROCESS_POOL_INHERITED_OUTPUT_HPP

#include <io/text_output.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::detail {

/// Thread-safe. Nothing in it blocks.
class inherited_output
{
public:
    /// Keeps `room` bytes at most.
    inherited_output(std::unique_ptr<io::text_output> target, std::size_t room) : target_(std::move(target)), room_(room) {}

    /// Keeps whole lines for write(), as far as there is room. How many were dropped.
    std::uint64_t add(std::string_view lines);

    /// Writes what is kept, as far as the target takes it; where another thread is at it, that one does this as well.
    void write() noexcept;

    /// Drops what is left, and counts it.
    void drop_rest() noexcept;

    /// Whether something is left to be written.
    bool has_text() const noexcept { return kept_ != 0; }

    /// Bytes ever written.
    std::uint64_t written() const;

    /// Lines ever dropped.
    std::uint64_t dropped() const;

private:
    void choose_next() noexcept;
    void count_kept() noexcept { kept_ = first_.size() + text_.size(); }
    void drop_all() noexcept;

    const std::unique_ptr<io::text_output> target_;
    const std::size_t room_;
    std::atomic<std::size_t> kept_ = 0; // bytes
    mutable std::mutex mutex_;
    bool is_writing_ = false;  // a thread is, without the lock
    std::string first_;        // is written first, and not changed while a thread is at it
    std::string text_;         // comes after it
    bool is_full_ = false;     // lines are dropped until all that is kept was written
    char last_written_ = '\n'; // of lines
    std::uint64_t written_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t untold_ = 0;  // of these
    std::uint64_t telling_ = 0; // of these: `first_` says so many
};

} // namespace tandem::detail

#endif
