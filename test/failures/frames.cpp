#include <failures/frames.hpp>

#include <boost/core/demangle.hpp>

#include <elf.h>
#include <link.h>
#include <unwind.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace frames {
namespace {

enum class owner
{
    other,
    ours,
    test
};

struct symbol
{
    std::uintptr_t begin, end;
    owner whose;
    const char* name; // mangled
};

std::vector<char> file;
std::vector<symbol> symbols; // in order

// A name's head tells where a function is defined, the rest which types were put into it.
owner owner_of(std::string_view name)
{
    if (!name.starts_with("_Z"))
        return owner::other;
    std::string_view head = name.substr(2);
    head.remove_prefix(std::min(head.find_first_not_of("ZNKLTRVO"), head.size()));
    if (head.starts_with("4test") || head.starts_with("12_GLOBAL__N_1"))
        return owner::test;
    return name.find("6tandem") != std::string_view::npos ? owner::ours : owner::other;
}

const symbol* find(std::uintptr_t address)
{
    const auto after = std::ranges::upper_bound(symbols, address, {}, &symbol::begin);
    if (after == symbols.begin())
        return nullptr;
    const symbol& s = *std::prev(after);
    return address < s.end ? &s : nullptr;
}

// Without the parameters, and without what was put into a template.
std::string short_name(const char* mangled)
{
    const std::string whole = boost::core::demangle(mangled);
    std::string text;
    int depth = 0;
    for (std::size_t i = 0; i != whole.size(); ++i) {
        if (whole[i] == '(' && depth == 0 && whole.compare(i, 5, "(anon") != 0 && !text.empty() && text.back() != 'r')
            break;
        if (whole[i] == '<')
            ++depth;
        if (depth == 0)
            text += whole[i];
        if (whole[i] == '>' && depth != 0)
            --depth;
    }
    return text;
}

template <class T>
const T* at(std::uint64_t offset)
{
    return reinterpret_cast<const T*>(file.data() + offset);
}

} // namespace

void load_symbols()
{
    if (!symbols.empty())
        return;
    std::uintptr_t base = 0;
    ::dl_iterate_phdr( // the program comes first
        [](dl_phdr_info* info, std::size_t, void* result) {
            *static_cast<std::uintptr_t*>(result) = info->dlpi_addr;
            return 1;
        },
        &base);
    std::ifstream in("/proc/self/exe", std::ios::binary);
    file.assign(std::istreambuf_iterator<char>(in), {});
    const auto& head = *at<ElfW(Ehdr)>(0);
    const std::span sections(at<ElfW(Shdr)>(head.e_shoff), head.e_shnum);
    for (const auto& section : sections) {
        if (section.sh_type != SHT_SYMTAB)
            continue;
        const char* const names = at<char>(sections[section.sh_link].sh_offset);
        for (const auto& s : std::span(at<ElfW(Sym)>(section.sh_offset), section.sh_size / sizeof(ElfW(Sym))))
            if (ELF64_ST_TYPE(s.st_info) == STT_FUNC && s.st_shndx != SHN_UNDEF && s.st_size != 0)
                symbols.push_back({base + s.st_value, base + s.st_value + s.st_size, owner_of(names + s.st_name),
                                   names + s.st_name});
    }
    if (symbols.empty())
        throw std::runtime_error("the program has no symbols");
    std::ranges::sort(symbols, {}, &symbol::begin);
}

bool is_under_ours(std::span<const std::uintptr_t> stack)
{
    for (const auto address : stack)
        if (const symbol* const s = find(address); s && s->whose != owner::other)
            return s->whose == owner::ours;
    return false;
}

bool mentions(std::span<const std::uintptr_t> stack, const char* text)
{
    return std::ranges::any_of(stack, [text](std::uintptr_t address) {
        const symbol* const s = find(address);
        return s && std::strstr(s->name, text);
    });
}

std::string describe(std::span<const std::uintptr_t> stack)
{
    constexpr std::size_t most = 12;
    std::string text;
    std::size_t shown = 0;
    bool has_begun = false; // behind the interposed function
    for (const auto address : stack) {
        const symbol* const s = find(address);
        has_begun = has_begun || (s && s->whose != owner::other);
        if (!s || !has_begun)
            continue;
        if (shown++ == most || s->whose == owner::test)
            break;
        text += "\n    " + short_name(s->name);
    }
    return text;
}

std::size_t walk(std::span<std::uintptr_t> stack) noexcept
{
    struct progress
    {
        std::span<std::uintptr_t> stack;
        std::size_t size = 0;
    } done{stack};
    ::_Unwind_Backtrace(
        [](_Unwind_Context* context, void* argument) {
            auto& p = *static_cast<progress*>(argument);
            if (p.size == p.stack.size())
                return _URC_END_OF_STACK;
            p.stack[p.size++] = ::_Unwind_GetIP(context) - 1; // in the call, not behind it
            return _URC_NO_REASON;
        },
        &done);
    return done.size;
}

} // namespace frames
