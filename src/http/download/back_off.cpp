#include "http/download/back_off.hpp"

#include "http/time_limit.hpp"

#include <algorithm>

namespace tandem::http {

std::chrono::milliseconds back_off(const retry_options& options, unsigned retry, std::minstd_rand& random)
{
    const std::chrono::milliseconds zero(0);
    const std::chrono::milliseconds most = saturated(options.max_delay);
    std::chrono::milliseconds delay = std::clamp(options.first_delay, zero, most);
    for (; retry > 1 && delay > zero && delay < most; --retry) {
        delay = delay > most / 2 ? most : delay * 2;
    }
    std::uniform_int_distribution<std::chrono::milliseconds::rep> draw((delay - delay / 2).count(), delay.count());
    return std::chrono::milliseconds(draw(random));
}

} // namespace tandem::http
