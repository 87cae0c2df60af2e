// Which file an address of code comes from, to be asked inside of a signal handler.
#ifndef TANDEM_WORKER_MODULE_TABLE_HPP
#define TANDEM_WORKER_MODULE_TABLE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

struct dl_phdr_info;

namespace tandem::worker {

class module_table
{
public:
    struct place
    {
        std::string_view path; // empty: it is in no module
        std::uintptr_t offset; // as addr2line and objdump take it
    };

    /// Takes what is loaded now: may lock. What has no room any more stays unknown.
    void load() noexcept;

    /// Safe in a signal handler.
    place find(std::uintptr_t address) const noexcept;

private:
    struct module
    {
        std::uintptr_t begin, end, bias;
        std::string_view path;
    };
    struct loader;

    void add(const dl_phdr_info& info) noexcept;
    std::string_view add_path(std::string_view path) noexcept;

    std::array<module, 128> modules_{};
    std::size_t size_ = 0;
    std::array<char, 12 * 1024> paths_{};
    std::size_t paths_size_ = 0;
};

} // namespace tandem::worker

#endif
