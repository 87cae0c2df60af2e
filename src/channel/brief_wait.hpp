// Whether it pays to look for something for a moment before one sleeps until it comes: to be woken takes longer than a
// small task.
#ifndef TANDEM_CHANNEL_BRIEF_WAIT_HPP
#define TANDEM_CHANNEL_BRIEF_WAIT_HPP

#include <algorithm>
#include <chrono>

namespace tandem::channel {

/// How long it is looked for, at the most: about what it takes to wake a processor that sleeps deeply, there and back
/// (25 us each way in a virtual machine).
inline constexpr std::chrono::microseconds longest_brief_wait{100};

/// Learns by trying both: where processors are idle, looking is several times as quick as to be woken; where other
/// programs want them, it is slower.
class brief_wait
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// A wait begins. Whether to look.
    bool begin(time_point now) noexcept
    {
        since_ = now;
        count_ = (count_ + 1) % (trial + between_trials);
        const bool pays = looking_ + looking_ / 8 < sleeping_;
        looks_ = pays != (count_ < trial);
        return looks_;
    }

    /// What was waited for has come, if anything was.
    void end(time_point now) noexcept
    {
        if (since_ == time_point())
            return;
        // Longer waits are of no interest, and would count for too much.
        const auto took = std::min<std::chrono::nanoseconds>(now - since_, 2 * longest_brief_wait);
        since_ = {};
        if (count_ == 0 || count_ == trial)
            return; // the other side may still do as before
        auto& average = looks_ ? looking_ : sleeping_;
        average += (took - average) / (count_ < trial ? 2 : 8);
    }

    bool is_over(time_point now) const noexcept { return now - since_ > longest_brief_wait; }

private:
    static constexpr unsigned trial = 4, between_trials = 124; // waits

    time_point since_{};
    bool looks_ = false;
    unsigned count_ = trial;
    std::chrono::nanoseconds looking_ = longest_brief_wait; // how long waits are
    std::chrono::nanoseconds sleeping_ = longest_brief_wait;
};

} // namespace tandem::channel

#endif
