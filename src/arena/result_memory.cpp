#include <arena/result_memory.hpp>

#include <process_mark.hpp>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

namespace tandem::arena {

// --- the pool's side

class result_memory::result final : public detail::large_reader
{
public:
    result(std::shared_ptr<result_memory> owner, std::uint64_t call, std::size_t limit)
        : owner_(std::move(owner)), call_(call), left_(limit)
    {
    }

    ~result() override { owner_->has_read(call_, blocks_); }

    const std::byte* find(std::uint64_t position, std::size_t size) override
    {
        const block b{position, size};
        const std::byte* const found = owner_->memory_.at(b);
        if (size > left_) // several references to one place would otherwise be a way to any size
            throw std::length_error("the message refers to more shared memory than there can be");
        // Reading where no memory is makes some, and where none can be had raises SIGBUS.
        if (!owner_->memory_.has_memory(b))
            throw std::range_error("the message refers to shared memory that was not written");
        left_ -= size;
        blocks_.push_back(b);
        return found;
    }

private:
    std::shared_ptr<result_memory> owner_;
    std::uint64_t call_;
    std::size_t left_;
    std::vector<block> blocks_;
};

result_memory::result_memory(std::uint64_t size) : memory_(size), head_(*reinterpret_cast<result_head*>(memory_.data()))
{
    if (!memory_.reserve({0, granule}))
        throw std::bad_alloc();
}

std::unique_ptr<detail::large_reader> result_memory::result_of(std::uint64_t call, std::size_t limit)
{
    return std::make_unique<result>(shared_from_this(), call, std::min<std::uint64_t>(limit, memory_.size()));
}

// The worker, which takes memory back with its next large result, may not have one for long. So beyond a bound, memory
// goes back to the system from here.
void result_memory::has_read(std::uint64_t call, const std::vector<block>& blocks) noexcept
{
    std::uint64_t size = 0;
    for (const block& b : blocks)
        size += b.size;
    const std::lock_guard lock(mutex_);
    const std::uint64_t ahead = told_ - head_.seen.load(std::memory_order_acquire);
    for (; unseen_.size() > ahead; unseen_.pop_front())
        unseen_bytes_ -= unseen_.front();
    bool keep = unseen_bytes_ + size <= kept_memory;
    try {
        unseen_.push_back(keep ? size : 0);
        unseen_bytes_ += unseen_.back();
    } catch (const std::exception&) { // what cannot be noted is not kept; the worker's count goes down by one too few
        keep = false;
    }
    if (!keep)
        for (const block& b : blocks)
            memory_.give_back(b);
    head_.calls[told_ % most_unread].store(2 * call + (keep ? 0 : 1), std::memory_order_relaxed);
    head_.told.store(++told_, std::memory_order_release);
}

// --- the worker's side

result_writer::result_writer(int fd, std::uint64_t size, std::size_t limit)
    : memory_(fd, size, access::write), limit_(limit), head_(*reinterpret_cast<result_head*>(memory_.data())),
      arena_(memory_, granule)
{
}

std::optional<detail::large_place> result_writer::make_room(std::size_t size)
{
    if (size > limit_)
        throw detail::over_limit(size);
    process_mark::end_forked_child(); // its result would lie over that of the process
    take_back_read_ones();
    current_.reserve(current_.size() + 1);
    const auto taken = unread_.size() < most_unread ? arena_.take(size) : std::nullopt;
    if (!taken) {
        head_.refused.fetch_add(1, std::memory_order_relaxed);
        return std::nullopt;
    }
    is_touched_ = true;
    current_.push_back(*taken);
    size_ += size;
    return detail::large_place{taken->position, memory_.data() + taken->position};
}

bool result_writer::keep_for(std::uint64_t call)
{
    if (current_.empty())
        return false;
    auto& blocks = unread_[call];
    blocks.insert(blocks.end(), current_.begin(), current_.end());
    current_.clear();
    size_ = 0;
    return true;
}

void result_writer::discard() noexcept
{
    for (const block& b : current_)
        arena_.give_back(b);
    current_.clear();
    size_ = 0;
}

void result_writer::leave() noexcept
{
    if (std::exchange(is_touched_, false))
        memory_.unmap_pages();
}

void result_writer::take_back_read_ones()
{
    const std::uint64_t told = head_.told.load(std::memory_order_acquire);
    for (std::uint64_t seen = head_.seen.load(std::memory_order_relaxed); seen != told; ++seen) {
        const std::uint64_t word = head_.calls[seen % most_unread].load(std::memory_order_relaxed);
        const auto found = unread_.find(word / 2);
        if (found == unread_.end())
            continue;
        for (const block& b : found->second)
            arena_.give_back(b, word % 2 == 0);
        unread_.erase(found);
    }
    head_.seen.store(told, std::memory_order_release);
}

} // namespace tandem::arena
