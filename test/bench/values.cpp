// Values of all sizes, as arguments and as results.
#include "scenario.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace bench {

namespace {

double first_of(const std::vector<double>& values)
{
    return values.at(0);
}

double first_of_view(std::span<const double> values)
{
    return values[0];
}

// Made once: what making it takes is not the question.
const std::vector<double>& many(std::size_t count)
{
    static const std::vector<double> kept(count, 1.5);
    return kept;
}

constexpr std::size_t usual_size = 8 << 20; // bytes

// Bytes a second of `count` values of `size` bytes, one after the other or several at a time.
template <class MakeTask>
double rate(const arguments& a, const MakeTask& make)
{
    started_pool p(a.workers);
    const std::size_t size = a.size != 0 ? a.size : usual_size;
    const auto call = make(size / sizeof(double));
    const auto submit = [&](auto handler) { p.pool.async_run(call, std::move(handler)); };
    const long outstanding = std::max(a.outstanding, 1L);
    stream(p, outstanding, std::max(a.count / 10, outstanding + 3), submit); // to get warm
    return static_cast<double>(size) / stream(p, outstanding, a.count, submit);
}

double large_argument(const arguments& a)
{
    return rate(a, [](std::size_t count) { return task<first_of>(std::vector<double>(count, 1.5)); });
}

double large_view(const arguments& a)
{
    return rate(a, [](std::size_t count) { return task<first_of_view>(std::vector<double>(count, 1.5)); });
}

double large_result(const arguments& a)
{
    return rate(a, [](std::size_t count) { return task<many>(count); });
}

const scenario of_values[] = {{"argument", large_argument}, {"view", large_view}, {"result", large_result}};

} // namespace

} // namespace bench
