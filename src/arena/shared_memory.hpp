// A file of memory that this process shares with others. Sparse: only what is reserved takes memory.
#ifndef TANDEM_ARENA_SHARED_MEMORY_HPP
#define TANDEM_ARENA_SHARED_MEMORY_HPP

#include <arena/free_space.hpp>
#include <descriptor.hpp>

#include <cstddef>
#include <cstdint>

namespace tandem::arena {

enum class access
{
    read,
    write
};

class shared_memory
{
public:
    /// Makes one. It is sealed: the other side cannot shrink it, at which reading would raise SIGBUS.
    /// Throws boost::system::system_error.
    explicit shared_memory(std::uint64_t size);

    /// Maps an inherited one, which is `size` bytes long, and closes `fd`. Throws boost::system::system_error.
    shared_memory(int fd, std::uint64_t size, access a);

    ~shared_memory();
    shared_memory(const shared_memory&) = delete;
    shared_memory& operator=(const shared_memory&) = delete;

    /// The whole.
    std::byte* data() const noexcept { return data_; }
    std::uint64_t size() const noexcept { return size_; }

    /// Where the block lies. Throws std::range_error where there is no such block.
    const std::byte* at(block b) const;

    // The functions of descriptors are for whoever made it.

    /// Another descriptor of it, through which nothing can be written; close-on-exec.
    /// Throws boost::system::system_error.
    descriptor open_read_only() const;

    /// Its descriptor's; close-on-exec.
    int number() const noexcept { return file_.get(); }

    /// Gets memory for the block. False where there is none, at which touching it would raise SIGBUS; and where the
    /// kernel is older than Linux 5.14.
    bool reserve(block b) const noexcept;

    /// Gives the block's memory back.
    void give_back(block b) const noexcept;

    /// The pages keep what they hold, and no longer count as this process's until they are touched again.
    void unmap_pages() const noexcept;

    /// Whether all of the block has memory.
    bool has_memory(block b) const noexcept;

private:
    descriptor file_; // none where it was inherited
    std::uint64_t size_;
    std::byte* data_ = nullptr;
};

} // namespace tandem::arena

#endif
