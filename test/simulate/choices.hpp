// Where a simulated run gets its decisions: each is a number below another. A run is known by the list of them.
#ifndef TANDEM_TEST_SIMULATE_CHOICES_HPP
#define TANDEM_TEST_SIMULATE_CHOICES_HPP

#include <simulate/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace simulate {

class choices
{
public:
    /// Random ones.
    explicit choices(std::uint64_t seed) : random_(seed), is_random_(true) {}

    /// These, and 0 when there are no more.
    explicit choices(std::vector<std::uint32_t> given) : given_(std::move(given)) {}

    /// Those that are made are written there as well.
    void record(trace& t) noexcept { trace_ = &t; }

    /// A number below `count`, which is not 0.
    std::uint32_t below(std::size_t count)
    {
        std::uint32_t chosen = 0;
        if (is_random_)
            chosen = static_cast<std::uint32_t>(random_() % count);
        else if (next_ < given_.size())
            chosen = static_cast<std::uint32_t>(given_[next_++] % count);
        if (trace_)
            trace_->add_choice(chosen, count);
        return chosen;
    }

    bool one_in(std::size_t count) { return below(count) == count - 1; } // 0 is the usual one

private:
    std::mt19937_64 random_;
    bool is_random_ = false;
    std::vector<std::uint32_t> given_;
    std::size_t next_ = 0;
    trace* trace_ = nullptr;
};

} // namespace simulate

#endif
