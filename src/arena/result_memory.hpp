// Where large results lie: one for each worker, which writes; the pool reads, and says when it has read. See
// doc/protocol.md.
#ifndef TANDEM_ARENA_RESULT_MEMORY_HPP
#define TANDEM_ARENA_RESULT_MEMORY_HPP

#include <arena/arena.hpp>
#include <tandem/detail/large_values.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tandem::arena {

/// A worker has this many results with large runs at most that the pool has not read; further ones go through the pipe.
inline constexpr std::uint64_t most_unread = 1024;

/// At the beginning of the memory, which is all zero at first.
struct result_head
{
    /// The pool: how many calls it has told, round by round, in `calls`: the results of these it has read.
    std::atomic<std::uint64_t> told;
    /// The worker: how many of these it has seen.
    std::atomic<std::uint64_t> seen;
    /// The worker: how many large runs found no room.
    std::atomic<std::uint64_t> refused;
    /// The call's id times 2; plus 1 where the pool gave the memory back to the system.
    std::array<std::atomic<std::uint64_t>, most_unread> calls;
};
static_assert(sizeof(result_head) <= granule);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// The pool's side. Thread-safe. Believes nothing that the worker wrote.
class result_memory : public std::enable_shared_from_this<result_memory>
{
public:
    /// Throws boost::system::system_error.
    explicit result_memory(std::uint64_t size);

    /// Finds the large runs of a call's result, `limit` bytes at most, and holds them, and this memory.
    std::unique_ptr<detail::large_reader> result_of(std::uint64_t call, std::size_t limit);

    int worker_descriptor() const noexcept { return memory_.number(); }
    std::uint64_t size() const noexcept { return memory_.size(); }
    std::uint64_t refused() const noexcept { return head_.refused.load(std::memory_order_relaxed); }

private:
    class result;

    void has_read(std::uint64_t call, const std::vector<block>& blocks) noexcept;

    shared_memory memory_;
    result_head& head_;
    std::mutex mutex_;
    std::uint64_t told_ = 0;
    std::deque<std::uint64_t> unseen_; // bytes of what was told last, and kept its memory
    std::uint64_t unseen_bytes_ = 0;
};

/// The worker's side. Not thread-safe.
class result_writer final : public detail::large_writer
{
public:
    /// Closes `fd`. `limit`: the largest run, in bytes. Throws boost::system::system_error.
    result_writer(int fd, std::uint64_t size, std::size_t limit);

    std::optional<detail::large_place> make_room(std::size_t size) override;
    std::size_t size() const noexcept override { return size_; }

    /// What was made room for since the last call of this is of the call's result, and lies there until the pool has read
    /// it. Whether there is anything.
    bool keep_for(std::uint64_t call);

    /// What was made room for is not sent.
    void discard() noexcept;

    std::uint64_t mapped() const noexcept { return memory_.size(); }

    /// What was made room for no longer counts as memory of this process, until it is touched again. Nothing where nothing
    /// was.
    void leave() noexcept;

private:
    void take_back_read_ones();

    shared_memory memory_;
    const std::size_t limit_;
    result_head& head_;
    arena arena_;
    std::vector<block> current_;
    std::size_t size_ = 0;
    bool is_touched_ = false;
    std::map<std::uint64_t, std::vector<block>> unread_; // by call
};

} // namespace tandem::arena

#endif
