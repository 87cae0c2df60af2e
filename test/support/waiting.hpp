// Bounded waits. A test that waits for what never comes fails, and says so.
#ifndef TANDEM_TEST_SUPPORT_WAITING_HPP
#define TANDEM_TEST_SUPPORT_WAITING_HPP

#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>

namespace test {

/// Long enough for anything on a slow machine under a sanitizer; only a failing test waits so long.
inline constexpr std::chrono::milliseconds long_time{30'000};

/// Long enough to see that something does not happen.
inline constexpr std::chrono::milliseconds short_time{100};

/// Polls until `condition()` holds; whether it did.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds patience = long_time)
{
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

template <class T>
T get_soon(std::future<T> future)
{
    if (future.wait_for(long_time) != std::future_status::ready)
        throw std::runtime_error("the future did not become ready");
    return future.get();
}

} // namespace test

#endif
