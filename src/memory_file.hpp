// Files without a name that lie in memory, to be shared with workers.
#ifndef TANDEM_MEMORY_FILE_HPP
#define TANDEM_MEMORY_FILE_HPP

#include <descriptor.hpp>

#include <sys/mman.h>
#include <unistd.h>

namespace tandem {

/// An empty one that can be sealed; close-on-exec. Nothing, with `errno`, where it cannot be made.
inline descriptor make_memory_file(const char* name) noexcept
{
    descriptor file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    // It may have had a standard stream's number for a moment, in which somebody printed.
    if (file && ::ftruncate(file.get(), 0) != 0)
        file.close();
    return file;
}

} // namespace tandem

#endif
