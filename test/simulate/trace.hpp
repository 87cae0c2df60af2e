// What a run did so far, in memory that outlives its process: a run that crashes, or waits for ever, is known as well.
#ifndef TANDEM_TEST_SIMULATE_TRACE_HPP
#define TANDEM_TEST_SIMULATE_TRACE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace simulate {

struct trace
{
    std::uint64_t seed;
    std::array<char, 512> fault; ///< ends with 0
    bool is_complete;            ///< the run came to its end
    std::uint32_t choice_count;
    std::array<std::uint32_t, 1 << 16> choices, counts;
    std::uint32_t story_size;
    std::array<char, 1 << 20> story; ///< lines

    void begin(std::uint64_t number)
    {
        seed = number;
        fault[0] = 0;
        is_complete = false;
        choice_count = story_size = 0;
    }

    void set_fault(std::string_view text)
    {
        const std::size_t size = std::min(text.size(), fault.size() - 1);
        std::memcpy(fault.data(), text.data(), size);
        fault[size] = 0;
    }

    void add_choice(std::uint32_t chosen, std::size_t count)
    {
        if (choice_count == choices.size())
            return;
        choices[choice_count] = chosen;
        counts[choice_count++] = static_cast<std::uint32_t>(count);
    }

    void add_line(std::string_view line)
    {
        if (line.size() + 1 > story.size() - story_size || is_repeated(line))
            return;
        std::memcpy(story.data() + story_size, line.data(), line.size());
        story_size += static_cast<std::uint32_t>(line.size());
        story[story_size++] = '\n';
    }

private:
    // Two things that happen in turns, as where a worker writes what the pool reads, are told once.
    bool is_repeated(std::string_view line) const
    {
        std::string_view before(story.data(), story_size);
        for (int i = 0; i != 2 && !before.empty(); ++i) {
            before.remove_suffix(1);
            const auto begin = before.rfind('\n') + 1; // 0 where there is none
            if (before.substr(begin) == line)
                return true;
            before = before.substr(0, begin);
        }
        return false;
    }
};

} // namespace simulate

#endif
