// Whether it pays to look for something for a moment before one sleeps until it comes: to be woken takes longer than a
// small task.
#ifndef TANDEM_CHANNEL_BRIEF_WAIT_HPP
#define TANDEM_CHANNEL_BRIEF_WAIT_HPP

#include <algorithm>
#include <chrono>
#include <utility>

namespace tandem::channel {

/// How long it is looked for, at the most: about what it takes to wake a processor that sleeps deeply, there and back
/// (25 us each way in a virtual machine).
inline constexpr std::chrono::microseconds longest_brief_wait{100};

/// Learns by trying both: where processors are idle, looking is several times as quick as to be woken; where other
/// programs want them, it is slower, and a trial may take milliseconds. So there are fewer trials as long as they change
/// nothing.
class brief_wait
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// A wait begins. Whether both sides are to look. Only where one wait soon follows the other: else the other side
    /// sleeps, and what takes long is to wake it.
    bool begin(time_point now) noexcept
    {
        since_ = now;
        const bool follows = now - ended_ <= longest_brief_wait;
        counts_ = std::exchange(follows_, follows) && follows;
        if (!counts_)
            return false;
        count_ = count_ + 1 < trial + between_trials_ ? count_ + 1 : 0;
        const bool pays = looking_ + looking_ / 8 < sleeping_;
        const auto usual = pays ? looking_ : sleeping_;
        if (pays != paid_ || usual > 2 * tried_) { // something has changed
            paid_ = pays;
            tried_ = usual;
            between_trials_ = least_between_trials;
        } else if (count_ == trial) {
            tried_ = usual;
            between_trials_ = std::min(2 * between_trials_, most_between_trials);
        }
        looks_ = pays != (count_ < trial);
        return looks_;
    }

    /// What was waited for has come, if anything was.
    void end(time_point now) noexcept
    {
        ended_ = now;
        if (since_ == time_point())
            return;
        // Longer waits are of no interest, and would count for too much.
        const auto took = std::min<std::chrono::nanoseconds>(now - since_, 2 * longest_brief_wait);
        since_ = {};
        if (!counts_ || count_ == 0 || count_ == trial)
            return; // the other side may still do as before
        auto& average = looks_ ? looking_ : sleeping_;
        average += (took - average) / (count_ < trial ? 2 : 8);
    }

    bool is_over(time_point now) const noexcept { return now - since_ > longest_brief_wait; }

private:
    static constexpr unsigned trial = 4, least_between_trials = 124, most_between_trials = 4000; // waits

    time_point since_{};
    time_point ended_{};
    bool follows_ = false; // the last one ended shortly before this one began
    bool counts_ = false;
    bool looks_ = false;
    bool paid_ = false;
    unsigned count_ = trial;
    unsigned between_trials_ = least_between_trials;
    std::chrono::nanoseconds tried_ = longest_brief_wait; // how long waits were after the last trial
    std::chrono::nanoseconds looking_ = longest_brief_wait; // how long waits are
    std::chrono::nanoseconds sleeping_ = longest_brief_wait;
};

} // namespace tandem::channel

#endif
