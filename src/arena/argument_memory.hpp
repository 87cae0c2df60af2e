// Where large arguments lie: one for each pool. The pool writes, its workers only read, so none can harm another's.
#ifndef TANDEM_ARENA_ARGUMENT_MEMORY_HPP
#define TANDEM_ARENA_ARGUMENT_MEMORY_HPP

#include <arena/arena.hpp>
#include <tandem/detail/large_values.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace tandem::arena {

/// The pool's side. Thread-safe.
class argument_memory : public std::enable_shared_from_this<argument_memory>
{
public:
    /// Throws boost::system::system_error.
    explicit argument_memory(std::uint64_t size);
    argument_memory(const argument_memory&) = delete;
    argument_memory& operator=(const argument_memory&) = delete;

    /// For the arguments of one call; it holds them, and this memory.
    std::unique_ptr<detail::large_writer> room_for_call();

    /// To be inherited by workers: nothing can be written through it.
    int worker_descriptor() const noexcept { return read_only_.get(); }

    std::uint64_t size() const noexcept { return memory_.size(); }

    /// How many large runs found no room.
    std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

private:
    class call;

    shared_memory memory_;
    descriptor read_only_;
    std::atomic<std::uint64_t> refused_{0};
    std::mutex mutex_;
    arena arena_;
};

/// The worker's side.
class argument_reader final : public detail::large_reader
{
public:
    /// Closes `fd`. Throws boost::system::system_error.
    argument_reader(int fd, std::uint64_t size) : memory_(fd, size, access::read) {}

    const std::byte* find(std::uint64_t position, std::size_t size) override;

    std::uint64_t mapped() const noexcept { return memory_.size(); }

    /// What was found no longer counts as memory of this process, until it is touched again. Nothing where nothing was.
    void leave() noexcept;

private:
    shared_memory memory_;
    bool is_touched_ = false;
};

} // namespace tandem::arena

#endif
