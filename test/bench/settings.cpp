// What settings cost that small tasks do not use: a pool's options, by their names, joined by '+'.
#include "scenario.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

using namespace std::chrono_literals;
using options = tandem::process_pool_options;

constexpr std::uint64_t never_reached = std::uint64_t{1} << 40;

const std::map<std::string, std::function<void(options&)>> settings_by_name{
    {"plain", [](options&) {}},
    {"retire.tasks", [](options& o) { o.retire.tasks = never_reached; }},
    {"retire.age", [](options& o) { o.retire.age = 1h; }},
    {"retire.resident_memory", [](options& o) { o.retire.resident_memory = never_reached; }},
    {"retire.idle", [](options& o) { o.retire.idle = 1ms; }}, // the context runs until workers are gone
    {"limits.address_space", [](options& o) { o.limits.address_space = never_reached; }},
    {"limits.resident_memory", [](options& o) { o.limits.resident_memory = never_reached; }},
    {"limits.cpu_time", [](options& o) { o.limits.cpu_time = 1h; }},
    {"limits.core_dump_size", [](options& o) { o.limits.core_dump_size = 0; }},
    {"limits.niceness", [](options& o) { o.limits.niceness = 1; }},
    {"start_timeout", [](options& o) { o.start_timeout = 0s; }},
    {"max_message_size", [](options& o) { o.max_message_size = 4096; }},
    {"shared_memory", [](options& o) { o.shared_memory = 0; }},
    {"discard", [](options& o) { o.output = tandem::worker_output::discard(); }},
    {"lines", [](options& o) { o.output = tandem::worker_output::lines([](const tandem::output_line&) {}); }},
};

void set(options& o, const std::string& name)
{
    if (name == "all") { // that change nothing which a small task can see
        for (const auto& [each, change] : settings_by_name)
            if (each != "lines")
                change(o);
        return;
    }
    const auto found = settings_by_name.find(name);
    if (found == settings_by_name.end())
        throw std::invalid_argument("no setting " + name);
    found->second(o);
}

options with_settings(const arguments& a)
{
    options all{.workers = a.workers};
    for (std::size_t begin = 0; begin <= a.option.size();) {
        const auto end = std::min(a.option.find('+', begin), a.option.size());
        set(all, a.option.substr(begin, end - begin));
        begin = end + 1;
    }
    return all;
}

// Of no-ops, seconds each.
double settings(const arguments& a)
{
    started_pool p(with_settings(a));
    const auto run = [&](long count) {
        return stream(p, a.outstanding, count, [&p](auto handler) { p.pool.async_run(task<nothing>(1), std::move(handler)); });
    };
    run(std::max(a.count / 10, 1L));
    return run(a.count);
}

const scenario of_settings{"settings", settings};

} // namespace
} // namespace bench
