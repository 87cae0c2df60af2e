// Values of all sizes, as arguments and as results.
#include "scenario.hpp"

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

constexpr std::size_t large_count = 1024 * 1024; // doubles, 8 MiB

// Bytes a second, one value after the other.
template <class Task>
double large(const arguments& a, const Task& call)
{
    started_pool p(a.workers);
    clock_type::time_point begin;
    for (long i = -4; i != a.count; ++i) { // the first ones to get warm
        if (i == 0)
            begin = clock_type::now();
        p.pool.async_run(call, [](const std::exception_ptr& error, const auto&) { check(error); });
        p.run();
    }
    return static_cast<double>(a.count * large_count * sizeof(double)) / since(begin);
}

double large_argument(const arguments& a)
{
    return large(a, task<first_of>(std::vector<double>(large_count, 1.5)));
}

double large_view(const arguments& a)
{
    return large(a, task<first_of_view>(std::vector<double>(large_count, 1.5)));
}

double large_result(const arguments& a)
{
    return large(a, task<many>(large_count));
}

const scenario of_values[] = {{"argument", large_argument},
                        {"view", large_view},
                        {"result", large_result}};

} // namespace

} // namespace bench
