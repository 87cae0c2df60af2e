#ifndef EXAMPLE_TANDEM_GET_METER_HPP
#define EXAMPLE_TANDEM_GET_METER_HPP

#include <chrono>
#include <cmath>
#include <cstdint>

/// How fast a count grows, on the average of about the last three seconds.
class meter
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Begins anew from `count`, which counts for nothing.
    void restart(std::uint64_t count, time_point now)
    {
        *this = {};
        count_ = count;
        seen_ = now;
    }

    /// Returns by how much it has grown. `count` does not shrink without restart().
    std::uint64_t update(std::uint64_t count, time_point now)
    {
        constexpr double memory = 3; // seconds
        const double seconds = std::chrono::duration<double>(now - seen_).count();
        const std::uint64_t grown = count > count_ ? count - count_ : 0;
        if (seconds > 0) {
            // Exponentially weighted; the weights of the time since the start make one.
            const double kept = std::exp(-seconds / memory);
            rate_ = rate_ * kept + static_cast<double>(grown) / seconds * (1 - kept);
            weight_ = weight_ * kept + (1 - kept);
            count_ = count;
            seen_ = now;
            return grown;
        }
        return 0;
    }

    /// A second.
    double rate() const { return weight_ > 0 ? rate_ / weight_ : 0; }

private:
    std::uint64_t count_ = 0;
    time_point seen_{};
    double rate_ = 0;
    double weight_ = 0;
};

#endif
