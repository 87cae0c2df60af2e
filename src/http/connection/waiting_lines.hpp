// Who waits for what there are places of, in a line for each kind of place.
#ifndef TANDEM_SRC_HTTP_CONNECTION_WAITING_LINES_HPP
#define TANDEM_SRC_HTTP_CONNECTION_WAITING_LINES_HPP

#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <utility>

namespace tandem::http {

/// First come, first served among the lines that are open. What a step costs grows with the logarithm of the number of
/// lines, and not with how many wait.
template <class Key, class Waiter>
class waiting_lines
{
    struct entry
    {
        std::uint64_t arrival;
        Waiter waiter;
    };
    struct line
    {
        std::list<entry> entries{};
        bool open = false;
    };
    using lines = std::map<Key, line>;

public:
    class place
    {
    public:
        const Waiter& waiter() const { return entry_->waiter; }

    private:
        friend class waiting_lines;
        place(typename lines::iterator of_line, typename std::list<entry>::iterator of_entry)
            : line_(of_line), entry_(of_entry)
        {
        }

        typename lines::iterator line_;
        typename std::list<entry>::iterator entry_;
    };

    /// At the end of the line of `key`, which is then `open` or not.
    place join(const Key& key, Waiter waiter, bool open)
    {
        const auto here = lines_.try_emplace(key).first;
        std::list<entry>& entries = here->second.entries;
        entries.push_back({arrivals_++, std::move(waiter)});
        set_open(here, open);
        return {here, std::prev(entries.end())};
    }

    void leave(const place& left)
    {
        std::list<entry>& entries = left.line_->second.entries;
        first_.erase(entries.front().arrival);
        entries.erase(left.entry_);
        if (entries.empty()) {
            lines_.erase(left.line_);
        } else {
            set_open(left.line_, left.line_->second.open);
        }
    }

    /// Whether there is a place for the first one of a line, where there is one.
    void set_open(const Key& key, bool open)
    {
        if (const auto here = lines_.find(key); here != lines_.end()) {
            set_open(here, open);
        }
    }

    /// The longest waiting one of the open lines.
    std::optional<place> first() const
    {
        if (first_.empty()) {
            return std::nullopt;
        }
        const auto here = first_.begin()->second;
        return place(here, here->second.entries.begin());
    }

private:
    void set_open(typename lines::iterator here, bool open)
    {
        here->second.open = open;
        const std::uint64_t arrival = here->second.entries.front().arrival;
        if (open) {
            first_.emplace(arrival, here);
        } else {
            first_.erase(arrival);
        }
    }

    lines lines_{};
    std::map<std::uint64_t, typename lines::iterator> first_{}; ///< of each open line
    std::uint64_t arrivals_ = 0;
};

} // namespace tandem::http

#endif
