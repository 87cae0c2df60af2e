// What it takes to encode and decode containers of all kinds, in copies of them.
#include "scenario.hpp"

#include <cereal/types/string.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bench {

namespace {

struct inner
{
    std::pair<int, double> place;
    std::optional<int> mark;
    std::string name;
};

struct plain_nested // travels by its members
{
    int number = 0;
    inner first, second;
};

struct serialized_nested
{
    int number = 0;
    inner first, second;

    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(number, first, second);
    }
};

// Copies that own as much as what is decoded.
template <class T>
T copy_of(const T& value)
{
    return value;
}

template <class T>
std::vector<std::shared_ptr<T>> copy_of(const std::vector<std::shared_ptr<T>>& values)
{
    std::vector<std::shared_ptr<T>> copies;
    copies.reserve(values.size());
    for (const auto& value : values)
        copies.push_back(std::make_shared<T>(*value));
    return copies;
}

template <class T>
std::vector<std::unique_ptr<T>> copy_of(const std::vector<std::unique_ptr<T>>& values)
{
    std::vector<std::unique_ptr<T>> copies;
    copies.reserve(values.size());
    for (const auto& value : values)
        copies.push_back(std::make_unique<T>(*value));
    return copies;
}

template <class Work>
double seconds(long times, const Work& work)
{
    const auto begin = clock_type::now();
    for (long i = 0; i != times; ++i)
        work();
    return since(begin) / static_cast<double>(times);
}

// Times a copy: medians of rounds in which both take turns, as a machine changes its pace.
template <class T>
double copies(const arguments& a, const T& value)
{
    constexpr int rounds = 9;
    const long times = std::max(a.count / rounds, 1L);
    std::vector<double> ratios;
    tandem::byte_buffer bytes;
    for (int i = 0; i != rounds; ++i) {
        const double copying = seconds(times, [&] {
            const T copy = copy_of(value);
            asm volatile("" : : "r"(&copy) : "memory");
        });
        const double coding = seconds(times, [&] {
            bytes.clear();
            tandem::encode(bytes, value);
            const T copy = tandem::decode<T>(bytes);
            asm volatile("" : : "r"(&copy) : "memory");
        });
        ratios.push_back(coding / copying);
    }
    std::ranges::nth_element(ratios, ratios.begin() + rounds / 2);
    return ratios[rounds / 2];
}

template <class Container, class Make>
Container filled(std::size_t size, const Make& make)
{
    Container all;
    for (std::size_t i = 0; i != size; ++i)
        all.insert(all.end(), make(static_cast<int>(i)));
    return all;
}

double codec(const arguments& a)
{
    const std::size_t size = a.size != 0 ? a.size : 10'000;
    const auto real = [](int i) { return i + 0.5; };
    const auto entry = [](int i) { return std::pair(i, i + 0.5); };
    const auto text = [](int i) { return "an element with number " + std::to_string(i); };
    const auto nested = [&](int i) { return inner{{i, 0.5}, i, text(i)}; };
    const auto run = [&]<class Container>(std::type_identity<Container>, const auto& make) {
        return copies(a, filled<Container>(size, make));
    };
    const std::string& what = a.option;
    if (what == "vector<double>")
        return run(std::type_identity<std::vector<double>>(), real);
    if (what == "vector<pair>")
        return run(std::type_identity<std::vector<std::pair<int, double>>>(), entry);
    if (what == "deque<double>")
        return run(std::type_identity<std::deque<double>>(), real);
    if (what == "deque<pair>")
        return run(std::type_identity<std::deque<std::pair<int, double>>>(), entry);
    if (what == "list<double>")
        return run(std::type_identity<std::list<double>>(), real);
    if (what == "map")
        return run(std::type_identity<std::map<int, double>>(), entry);
    if (what == "unordered_map")
        return run(std::type_identity<std::unordered_map<int, double>>(), entry);
    if (what == "vector<string>")
        return run(std::type_identity<std::vector<std::string>>(), text);
    if (what == "vector<optional>")
        return run(std::type_identity<std::vector<std::optional<double>>>(), [](int i) { return i % 2 == 0 ? std::optional(i + 0.5) : std::nullopt; });
    if (what == "vector<shared_ptr>")
        return run(std::type_identity<std::vector<std::shared_ptr<double>>>(), [](int i) { return std::make_shared<double>(i); });
    if (what == "vector<unique_ptr>")
        return run(std::type_identity<std::vector<std::unique_ptr<double>>>(), [](int i) { return std::make_unique<double>(i); });
    if (what == "vector<vector>")
        return run(std::type_identity<std::vector<std::vector<double>>>(), [](int i) { return std::vector<double>(10, i); });
    if (what == "vector<struct>")
        return run(std::type_identity<std::vector<plain_nested>>(), [&](int i) { return plain_nested{i, nested(i), nested(-i)}; });
    if (what == "vector<serialized>")
        return run(std::type_identity<std::vector<serialized_nested>>(), [&](int i) { return serialized_nested{i, nested(i), nested(-i)}; });
    throw std::invalid_argument("no such container: " + what);
}

const scenario of_codec[] = {{"codec", codec}};

} // namespace

} // namespace bench
