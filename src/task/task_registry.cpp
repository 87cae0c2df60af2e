#include <readable_name.hpp>
#include <tandem/detail/task_registry.hpp>
#include <tandem/error.hpp>

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>

namespace tandem::detail {
namespace {

// Constant-initialised: entries of other files register before and after this file's own initialisation.
constinit std::atomic<task_entry*> first_entry{nullptr};

} // namespace

task_entry::task_entry(const char* mangled_name, run_function function) noexcept
    : name_(mangled_name), run_(function), next_(first_entry.load())
{
    while (!first_entry.compare_exchange_weak(next_, this)) {
    }
}

std::string task_entry::name() const
{
    // "tandem::detail::task_name<&(ns::f(int))>", "task_name<ns::f>" and the like, by compiler.
    std::string text = boost::core::demangle(name_);
    const auto open = text.find('<');
    const auto close = text.rfind('>');
    if (open == std::string::npos || close == std::string::npos)
        return text;
    text = text.substr(open + 1, close - open - 1);
    if (text.starts_with('&'))
        text.erase(0, 1);
    if (text.starts_with('(') && text.ends_with(')'))
        text = text.substr(1, text.size() - 2);
    return shortened_name(text);
}

std::vector<const task_entry*> registered_tasks()
{
    std::vector<const task_entry*> tasks;
    for (const task_entry* entry = first_entry.load(); entry; entry = entry->next())
        tasks.push_back(entry);
    const auto by_name = [](const task_entry* a, const task_entry* b) {
        return std::strcmp(a->mangled_name(), b->mangled_name()) < 0;
    };
    std::sort(tasks.begin(), tasks.end(), by_name);
    const auto twin = std::adjacent_find(tasks.begin(), tasks.end(), [](const task_entry* a, const task_entry* b) {
        return std::strcmp(a->mangled_name(), b->mangled_name()) == 0;
    });
    if (twin != tasks.end())
        throw task_error(errc::duplicate_task, "task " + (*twin)->name());
    return tasks;
}

} // namespace tandem::detail
