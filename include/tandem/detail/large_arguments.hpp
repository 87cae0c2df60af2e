// Where a call's large arguments go while they are encoded.
#ifndef TANDEM_DETAIL_LARGE_ARGUMENTS_HPP
#define TANDEM_DETAIL_LARGE_ARGUMENTS_HPP

#include <tandem/detail/large_values.hpp>
#include <tandem/detail/process_pool_core.hpp>

#include <memory>
#include <optional>

namespace tandem::detail {

/// Most calls have no large argument: asks the pool for what holds them when the first one comes.
class large_arguments final : public large_writer
{
public:
    large_arguments(process_pool_core& core, std::unique_ptr<large_writer>& held) : core_(core), held_(held) {}

    std::optional<large_place> make_room(std::size_t size) override
    {
        if (size > core_.max_message_size())
            throw over_limit(size);
        if (!held_)
            held_ = core_.large_arguments();
        return held_ ? held_->make_room(size) : std::nullopt;
    }

    std::size_t size() const noexcept override { return held_ ? held_->size() : 0; }

private:
    process_pool_core& core_;
    std::unique_ptr<large_writer>& held_;
};

} // namespace tandem::detail

#endif
