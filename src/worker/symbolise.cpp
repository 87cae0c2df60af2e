#include <worker/symbolise.hpp>

#include <worker/bounded_text.hpp>
#include <worker/module_table.hpp>

#include <boost/stacktrace/frame.hpp>

#include <memory>
#include <string_view>

namespace tandem::worker {
namespace {

constexpr std::size_t longest_name = 400; // templates can have names of many thousands

// What calls main, a task or a thread is the same in every trace.
bool is_below_program(std::string_view name)
{
    return name.starts_with("tandem::worker::") || name.starts_with("tandem::run_if_worker") ||
           name.starts_with("__libc_start_") || name == "start_thread";
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

std::string symbolise(std::span<const std::uintptr_t> frames, std::size_t room)
{
    std::string memory(room, '\0');
    bounded_text text{memory};
    const auto modules = std::make_unique<module_table>(); // as they are now
    modules->load();
    for (std::size_t i = 0; i != frames.size(); ++i) {
        const std::string name = boost::stacktrace::frame(reinterpret_cast<const void*>(frames[i])).name();
        if (i != 0 && is_below_program(name))
            break;
        add_frame(text.add("#").add_decimal(i).add(" "), frames[i], name, *modules);
        text.end_line();
        if (name == "main")
            break;
    }
    memory.resize(text.lines().size());
    return memory;
}

} // namespace tandem::worker
