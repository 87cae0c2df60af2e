#include <arena/argument_memory.hpp>

#include <utility>
#include <vector>

namespace tandem::arena {

class argument_memory::call final : public detail::large_writer
{
public:
    explicit call(std::shared_ptr<argument_memory> owner) : owner_(std::move(owner)) {}

    ~call() override
    {
        const std::lock_guard lock(owner_->mutex_);
        for (const block& b : blocks_)
            owner_->arena_.give_back(b);
    }

    std::optional<detail::large_place> make_room(std::size_t size) override
    {
        blocks_.reserve(blocks_.size() + 1);
        const auto taken = [&] {
            const std::lock_guard lock(owner_->mutex_);
            return owner_->arena_.take(size);
        }();
        if (!taken) {
            owner_->refused_.fetch_add(1, std::memory_order_relaxed);
            return std::nullopt;
        }
        blocks_.push_back(*taken);
        size_ += size;
        return detail::large_place{taken->position, owner_->memory_.data() + taken->position};
    }

    std::size_t size() const noexcept override { return size_; }

private:
    std::shared_ptr<argument_memory> owner_;
    std::vector<block> blocks_;
    std::size_t size_ = 0;
};

argument_memory::argument_memory(std::uint64_t size)
    : memory_(size), read_only_(memory_.open_read_only()), arena_(memory_)
{
}

std::unique_ptr<detail::large_writer> argument_memory::room_for_call()
{
    return std::make_unique<call>(shared_from_this());
}

const std::byte* argument_reader::find(std::uint64_t position, std::size_t size)
{
    is_touched_ = true;
    return memory_.at({position, size});
}

void argument_reader::leave() noexcept
{
    if (std::exchange(is_touched_, false))
        memory_.unmap_pages();
}

} // namespace tandem::arena
