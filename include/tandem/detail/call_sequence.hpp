// Several values in one message.
#ifndef TANDEM_DETAIL_CALL_SEQUENCE_HPP
#define TANDEM_DETAIL_CALL_SEQUENCE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

namespace tandem::detail {

/// The argument lists, or the results, of several calls. Each begins at a multiple of 16, so that views of it can be
/// made, with its size in the four bytes before.
class call_sequence
{
public:
    /// `bytes` begin at a multiple of 16 themselves.
    explicit call_sequence(std::span<const std::byte> bytes) : bytes_(bytes) {}

    bool has_next() const noexcept { return at_ != bytes_.size(); }

    /// Nothing at the end. Throws std::length_error for what is none.
    std::optional<std::span<const std::byte>> next()
    {
        if (!has_next())
            return std::nullopt;
        const std::size_t begin = begin_after(at_);
        if (begin > bytes_.size())
            throw std::length_error("the message ends in a size");
        std::uint32_t size = 0;
        std::memcpy(&size, bytes_.data() + begin - sizeof size, sizeof size);
        if (size > bytes_.size() - begin)
            throw std::length_error("the message ends in a value");
        at_ = begin + size;
        return bytes_.subspan(begin, size);
    }

    /// How many bytes the values so far have taken.
    std::size_t position() const noexcept { return at_; }

    /// Where a sequence of those that are left begins.
    std::size_t next_begin() const noexcept { return begin_after(at_) - begin_after(0); }

    /// Appends what `append(out)` appends.
    template <class Function>
    static void add(std::vector<std::byte>& out, Function append)
    {
        const std::size_t begin = begin_after(out.size());
        out.resize(begin);
        append(out);
        const auto size = static_cast<std::uint32_t>(out.size() - begin);
        std::memcpy(out.data() + begin - sizeof size, &size, sizeof size);
    }

private:
    static constexpr std::size_t begin_after(std::size_t end) noexcept
    {
        constexpr std::size_t alignment = 16;
        return (end + sizeof(std::uint32_t) + alignment - 1) / alignment * alignment;
    }

    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
};

} // namespace tandem::detail

#endif
