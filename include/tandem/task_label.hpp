// A task's name for reports.
#ifndef TANDEM_TASK_LABEL_HPP
#define TANDEM_TASK_LABEL_HPP

#include <concepts>
#include <cstddef>
#include <string_view>

namespace tandem {

/// Up to 63 bytes of text, which it owns: it may be made from a temporary, and copied bit by bit. Of longer text it keeps
/// as many whole UTF-8 characters as fit. A null character ends it.
class task_label
{
public:
    static constexpr std::size_t max_size = 63;

    /// Empty.
    constexpr task_label() noexcept = default;

    template <std::convertible_to<std::string_view> Text>
    constexpr task_label(const Text& text) noexcept(noexcept(std::string_view(text)))
    {
        const std::string_view all = text;
        const std::string_view kept = all.substr(0, kept_size(all.substr(0, all.find('\0'))));
        kept.copy(text_, kept.size());
    }

    /// Valid as long as the label.
    constexpr std::string_view view() const noexcept { return text_; }
    constexpr operator std::string_view() const noexcept { return view(); }

    constexpr bool empty() const noexcept { return text_[0] == '\0'; }

    friend constexpr bool operator==(const task_label& one, const task_label& other) noexcept
    {
        return one.view() == other.view();
    }

private:
    static constexpr std::size_t kept_size(std::string_view text) noexcept
    {
        if (text.size() <= max_size) {
            return text.size();
        }
        // A character has 4 bytes at most; of those behind its first, the upper two bits are 10.
        for (std::size_t size = max_size; size > max_size - 4; --size) {
            if ((static_cast<unsigned char>(text[size]) & 0xc0) != 0x80) {
                return size;
            }
        }
        return max_size; // not UTF-8
    }

    char text_[max_size + 1]{}; // zeros behind the text
};

} // namespace tandem

#endif
