// Tasks with parameters of many types, and results of some. They read all that they are given, so that a sanitizer sees
// a view that is wrong.
#ifndef TANDEM_TEST_FUZZ_TASKS_HPP
#define TANDEM_TEST_FUZZ_TASKS_HPP

#include "types.hpp"

#include <tandem/task.hpp>

#include <numeric>
#include <span>
#include <string_view>

namespace tandem::fuzz {

struct alignas(32) wide // wants more than a payload's alignment
{
    std::int64_t part[4];
};

inline int none()
{
    return 1;
}

inline std::int64_t add(int a, std::int64_t b, const double& c)
{
    return a ^ b ^ static_cast<std::int64_t>(c > 0);
}

inline std::string join(const std::vector<std::string>& parts, std::string separator)
{
    std::string all;
    for (const auto& part : parts)
        all += part + separator;
    return all.substr(0, 1000);
}

inline std::vector<shape> draw(shape one, const std::vector<shape>& more)
{
    std::vector<shape> all = more;
    all.push_back(std::move(one));
    return all;
}

inline std::map<std::string, int> count(std::map<std::string, std::vector<int>> values, std::optional<int> limit)
{
    std::map<std::string, int> counts;
    for (const auto& [name, list] : values)
        counts[name] = static_cast<int>(list.size()) & limit.value_or(-1);
    return counts;
}

inline std::variant<int, std::string> pick(std::variant<std::monostate, int, std::string, std::vector<point>> value)
{
    if (const auto* text = std::get_if<std::string>(&value))
        return *text;
    return static_cast<int>(value.index());
}

inline std::size_t text(std::string_view a, std::u32string_view b)
{
    std::size_t sum = 0;
    for (const char c : a)
        sum += static_cast<unsigned char>(c);
    for (const char32_t c : b)
        sum += c;
    return sum;
}

inline std::uint64_t sum(char lead, std::span<const double> a, std::span<const point> b, std::span<const std::byte> c)
{
    auto all = static_cast<std::uint64_t>(lead);
    for (const double d : a)
        all += d > 0 ? 1 : 0;
    for (const point p : b)
        all += static_cast<std::uint64_t>(p.x) ^ static_cast<std::uint64_t>(p.y);
    for (const std::byte e : c)
        all += std::to_integer<std::uint64_t>(e);
    return all;
}

inline std::uint64_t sum_wide(std::span<const wide> values, char last)
{
    auto all = static_cast<std::uint64_t>(last);
    for (const wide& w : values)
        for (const std::int64_t part : w.part)
            all += static_cast<std::uint64_t>(part);
    return all;
}

inline std::unique_ptr<tree> mirror(std::unique_ptr<tree> t)
{
    if (t)
        std::swap(t->left, t->right);
    return t;
}

inline void fail(const std::string& why, std::shared_ptr<relative> who)
{
    throw std::invalid_argument(why + (who ? who->name : ""));
}

/// A call's position chooses one by its place here, so new ones go to the end.
inline const detail::task_entry* const tasks[] = {
    &bound_task<none>::entry(),   &bound_task<add>::entry(),   &bound_task<join>::entry(),
    &bound_task<draw>::entry(),   &bound_task<count>::entry(), &bound_task<pick>::entry(),
    &bound_task<text>::entry(),   &bound_task<sum>::entry(),   &bound_task<sum_wide>::entry(),
    &bound_task<mirror>::entry(), &bound_task<fail>::entry()};

} // namespace tandem::fuzz

#endif
