// Time as the scheduler is handed it: a number that a test sets.
#ifndef TANDEM_TEST_SUPPORT_MOCK_CLOCK_HPP
#define TANDEM_TEST_SUPPORT_MOCK_CLOCK_HPP

#include <chrono>

namespace test {

class mock_clock
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    time_point now() const noexcept { return now_; }

    time_point advance(std::chrono::nanoseconds by) noexcept { return now_ += by; }

private:
    // Not the epoch: a deadline forgotten at zero is then in the past.
    static constexpr time_point start{std::chrono::hours(1)};

    time_point now_ = start;
};

} // namespace test

#endif
