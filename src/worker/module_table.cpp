#include <worker/module_table.hpp>

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace tandem::worker {

struct module_table::loader
{
    static int add(dl_phdr_info* info, std::size_t, void* table) noexcept
    {
        static_cast<module_table*>(table)->add(*info);
        return 0;
    }
};

void module_table::load() noexcept
{
    size_ = 0;
    paths_size_ = 0;
    ::dl_iterate_phdr(loader::add, this);
}

void module_table::add(const dl_phdr_info& info) noexcept
{
    const std::string_view path = add_path(info.dlpi_name);
    for (std::size_t i = 0; i != info.dlpi_phnum; ++i) {
        const auto& segment = info.dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X) || size_ == modules_.size())
            continue;
        const std::uintptr_t begin = info.dlpi_addr + segment.p_vaddr;
        modules_[size_++] = {begin, begin + segment.p_memsz, info.dlpi_addr, path};
    }
}

// Copied: a module may be unloaded.
std::string_view module_table::add_path(std::string_view path) noexcept
{
    char* const to = paths_.data() + paths_size_;
    const std::size_t room = paths_.size() - paths_size_;
    std::size_t size = std::min(path.size(), room);
    if (path.empty()) { // the program itself
        const ssize_t length = ::readlink("/proc/self/exe", to, room);
        size = length < 0 ? 0 : static_cast<std::size_t>(length);
    } else {
        std::memcpy(to, path.data(), size);
    }
    paths_size_ += size;
    return {to, size};
}

module_table::place module_table::find(std::uintptr_t address) const noexcept
{
    for (std::size_t i = 0; i != size_; ++i)
        if (modules_[i].begin <= address && address < modules_[i].end)
            return {modules_[i].path, address - modules_[i].bias};
    return {};
}

} // namespace tandem::worker
