#ifndef TANDEM_SRC_HTTP_DOWNLOAD_RANGE_BOARD_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_RANGE_BOARD_HPP

#include <algorithm>
#include <cstdint>
#include <list>
#include <optional>

namespace tandem::http {

/// Which bytes of a file are to be fetched, are being fetched, and are there. Handed out from the first on, so that
/// what is there has few gaps.
class range_board
{
public:
    struct range
    {
        std::uint64_t next = 0; ///< the first byte that is not there; to be moved by who has taken it
        std::uint64_t end = 0;  ///< one after the last
    };

    /// A range that somebody fetches. What is missing of it at the loan's end, however that comes, is for somebody
    /// else. Must not outlive the board.
    class [[nodiscard]] loan
    {
    public:
        /// Only where there are any.
        explicit loan(range_board& board) : board_(board), held_(board.take()) {}
        loan(const loan&) = delete;
        loan& operator=(const loan&) = delete;
        ~loan() { give_back(); }

        /// Until it is given back.
        range& operator*() const { return **held_; }
        range* operator->() const { return &**held_; }

        void give_back() noexcept
        {
            if (held_) {
                board_.give_back(*held_);
                held_.reset();
            }
        }

    private:
        range_board& board_;
        std::optional<std::list<range>::iterator> held_;
    };

    range_board(std::uint64_t first, std::uint64_t end, std::uint64_t size_of_each)
        : next_(first), end_(end), size_of_each_(size_of_each)
    {
    }

    bool has_any() const noexcept { return !returned_.empty() || next_ < end_; }

    /// All bytes before this one are there.
    std::uint64_t good() const
    {
        std::uint64_t result = next_;
        for (const std::list<range>* some : {&active_, &returned_}) {
            for (const range& one : *some) {
                result = std::min(result, one.next);
            }
        }
        return result;
    }

private:
    std::list<range>::iterator take()
    {
        if (!returned_.empty()) {
            active_.splice(active_.begin(), returned_, returned_.begin());
            return active_.begin();
        }
        const std::uint64_t after = next_ + std::min(size_of_each_, end_ - next_);
        active_.push_front({next_, after});
        next_ = after;
        return active_.begin();
    }

    void give_back(std::list<range>::iterator what) noexcept
    {
        if (what->next == what->end) {
            active_.erase(what);
        } else {
            returned_.splice(returned_.end(), active_, what);
        }
    }

    std::uint64_t next_;
    std::uint64_t end_;
    std::uint64_t size_of_each_;
    std::list<range> active_{};
    std::list<range> returned_{};
};

} // namespace tandem::http

#endif
