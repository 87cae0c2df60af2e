// Who takes elements from a map's range: one thread at a time, and with no lock held, since iterators, conversions and
// serialization are the user's code.
#ifndef TANDEM_DETAIL_TURN_HPP
#define TANDEM_DETAIL_TURN_HPP

#include <cstddef>
#include <utility>

namespace tandem::detail {

/// All functions are called under the owner's lock.
class turn
{
public:
    /// So many more elements, or messages of them, are wanted. Whether it is the caller's turn to take them; else another
    /// thread, whose turn it is, takes them as well.
    bool want(std::size_t count) noexcept
    {
        wanted_ += count;
        return !std::exchange(is_taken_, true);
    }

    /// Of the thread whose turn it is, before each one: whether it is to take it; else its turn has ended. `is_over`: nothing
    /// more is to be taken by anybody.
    bool goes_on(bool is_over) noexcept
    {
        if (is_over)
            wanted_ = 0;
        if (wanted_ == 0)
            return is_taken_ = false;
        --wanted_;
        return true;
    }

private:
    std::size_t wanted_ = 0;
    bool is_taken_ = false;
};

} // namespace tandem::detail

#endif
