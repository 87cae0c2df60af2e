// Lines of text in memory of a fixed size, written without allocating: also a signal handler can.
#ifndef TANDEM_WORKER_BOUNDED_TEXT_HPP
#define TANDEM_WORKER_BOUNDED_TEXT_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tandem::worker {

class bounded_text
{
public:
    explicit bounded_text(std::span<char> memory) noexcept : memory_(memory) {}

    bounded_text& add(std::string_view text) noexcept
    {
        if (text.size() > memory_.size() - size_)
            full_ = true;
        if (!full_) {
            std::memcpy(memory_.data() + size_, text.data(), text.size());
            size_ += text.size();
        }
        return *this;
    }
    bounded_text& add_decimal(std::uint64_t number) noexcept { return add_number(number, 10); }
    bounded_text& add_hexadecimal(std::uint64_t number) noexcept { return add_number(number, 16); }

    void end_line() noexcept
    {
        add("\n");
        if (!full_)
            lines_ = size_;
    }

    /// The lines that had room whole.
    std::string_view lines() const noexcept { return {memory_.data(), lines_}; }

private:
    bounded_text& add_number(std::uint64_t number, int base) noexcept
    {
        char digits[20];
        const auto end = std::to_chars(std::begin(digits), std::end(digits), number, base).ptr;
        return add({digits, static_cast<std::size_t>(end - digits)});
    }

    std::span<char> memory_;
    std::size_t size_ = 0;
    std::size_t lines_ = 0;
    bool full_ = false;
};

} // namespace tandem::worker

#endif
