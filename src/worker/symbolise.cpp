#include <worker/symbolise.hpp>

#include <readable_name.hpp>
#include <worker/bounded_text.hpp>
#include <worker/module_table.hpp>
#include <worker/runtime_code.hpp>

#include <boost/stacktrace/frame.hpp>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace tandem::worker {
namespace {

constexpr std::size_t longest_name = 400; // templates can have names of many thousands

struct named_frame
{
    std::uintptr_t address;
    std::string name;
    bool is_runtime;
};

bool calls_tasks(std::string_view name)
{
    constexpr std::string_view callers[] = {"tandem::worker::", "tandem::run_if_worker", "tandem::detail::run_encoded",
                                            "tandem::detail::parameter_list"};
    // A name that cannot be demangled: of Clang's for the lambda function that calls them.
    if (name.starts_with("_Z"))
        return name.find("6tandem6detail14parameter_list") != std::string_view::npos;
    return std::ranges::any_of(callers, [name](std::string_view caller) { return is_named(name, caller); });
}

std::vector<named_frame> name_all(std::span<const std::uintptr_t> addresses, const module_table& modules)
{
    std::vector<named_frame> frames;
    for (const std::uintptr_t address : addresses) {
        std::string name = detail::shortened_name(boost::stacktrace::frame(reinterpret_cast<const void*>(address)).name());
        const bool is_runtime = is_runtime_module(modules.find(address).path) || is_runtime_function(name);
        frames.push_back({address, std::move(name), is_runtime});
    }
    return frames;
}

// The program's own: without what the libraries do between a failure and its signal, and without what calls a task, main
// or a thread. All of them where none is the program's.
std::span<const named_frame> own_frames(std::span<const named_frame> all)
{
    const auto is_own = [](const named_frame& f) { return !f.is_runtime; };
    auto begin = std::ranges::find_if(all, is_own);
    if (begin == all.end())
        return all;
    auto end = std::find_if(begin, all.end(), [](const named_frame& f) { return calls_tasks(f.name); });
    if (begin == end)
        return std::span(begin, 1); // the task may be inlined in it
    const auto main = std::find_if(begin, end, [](const named_frame& f) { return f.name == "main"; });
    end = main == end ? end : main + 1;
    if (begin != all.begin()) { // what calls abort() is an assertion of the library's, or throws
        const auto caller =
            std::find_if(begin, end, [&](const named_frame& f) { return is_own(f) && !is_library_template(f.name); });
        begin = caller == end ? begin : caller;
    }
    while (!is_own(*(end - 1)))
        --end;
    return std::span(begin, end);
}

void add_frame(bounded_text& text, std::uintptr_t address, const std::string& name, const module_table& modules)
{
    const boost::stacktrace::frame frame(reinterpret_cast<const void*>(address));
    if (name.empty())
        text.add("0x").add_hexadecimal(address);
    else
        text.add(std::string_view(name).substr(0, longest_name)).add(name.size() > longest_name ? "..." : "");
    const std::string file = frame.source_file();
    const std::size_t line = frame.source_line();
    if (!file.empty() && line != 0)
        text.add(" at ").add(file).add(":").add_decimal(line);
    else if (const auto place = modules.find(address); !place.path.empty())
        text.add(" in ").add(place.path).add("+0x").add_hexadecimal(place.offset);
}

} // namespace

std::string symbolise(std::span<const std::uintptr_t> addresses, std::size_t room)
{
    std::string memory(room, '\0');
    bounded_text text{memory};
    const auto modules = std::make_unique<module_table>(); // as they are now
    modules->load();
    const std::vector<named_frame> all = name_all(addresses, *modules);
    std::size_t number = 0;
    for (const named_frame& frame : own_frames(all)) {
        add_frame(text.add("#").add_decimal(number++).add(" "), frame.address, frame.name, *modules);
        text.end_line();
    }
    memory.resize(text.lines().size());
    return memory;
}

} // namespace tandem::worker
