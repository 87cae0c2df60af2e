#include "http/download/file_pace.hpp"

#include "http/exchange/speed_watch.hpp"
#include "http/time_limit.hpp"

#include <algorithm>
#include <vector>

namespace tandem::http {
namespace {

transfer::clock::duration excusable(transfer& by, transfer::clock::time_point now)
{
    return by.held_back + by.lost_time(now);
}

} // namespace

file_pace::file_pace(const transfer::executor_type& strand, const transfer_options& options)
    : needed_(bytes_in(options.min_rate, options.min_rate_period)), period_(saturated(options.min_rate_period)),
      timer_(strand)
{
}

file_pace::reading::reading(file_pace& pace, transfer& by) : pace_(pace), by_(by)
{
    const auto now = clock::now();
    pace.readers_.push_back({&by, excusable(by, now)});
    if (pace.needed_ > 0 && pace.readers_.size() == 1) {
        pace.begin_ = pace.idle_since_ ? pace.begin_ + (now - *pace.idle_since_) : now;
        pace.idle_since_.reset();
        pace.arm();
    }
}

file_pace::reading::~reading()
{
    const auto found = std::find_if(pace_.readers_.begin(), pace_.readers_.end(),
                                    [this](const reader& each) { return each.by == &by_; });
    pace_.readers_.erase(found);
    if (pace_.needed_ > 0 && pace_.readers_.empty()) {
        pace_.idle_since_ = clock::now();
        pace_.timer_.cancel();
    }
}

void file_pace::arm()
{
    timer_.expires_at(begin_ + period_);
    timer_.async_wait([held = weak_from_this()](boost::system::error_code error) {
        if (const std::shared_ptr<file_pace> pace = held.lock(); pace && !error && !pace->readers_.empty()) {
            pace->look(clock::now());
        }
    });
}

void file_pace::look(clock::time_point now)
{
    clock::duration excused{};
    for (reader& each : readers_) {
        const clock::duration all = excusable(*each.by, now);
        excused += all - each.excused;
        each.excused = all;
    }
    // What holds up one of several holds up its part of the file.
    begin_ += excused / static_cast<clock::rep>(readers_.size());
    if (now < begin_ + period_) {
        arm();
        return;
    }
    const bool is_slow = seen_ < needed_;
    begin_ = now;
    seen_ = 0;
    arm();
    if (is_slow) {
        std::vector<std::shared_ptr<transfer>> slow;
        for (const reader& each : readers_) {
            slow.push_back(each.by->shared_from_this());
        }
        for (const std::shared_ptr<transfer>& each : slow) {
            each->stop(errc::too_slow); // may end it within the call
        }
    }
}

} // namespace tandem::http
