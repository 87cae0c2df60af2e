#include <worker/large_values.hpp>

#include <worker/marker.hpp>

namespace tandem::worker {

large_values::large_values(const channel::worker_settings& settings)
{
    if (settings.argument_memory != 0)
        arguments_.emplace(argument_memory, settings.argument_memory);
    if (settings.result_memory != 0)
        results_.emplace(result_memory, settings.result_memory, settings.max_message_size);
}

std::uint64_t large_values::mapped() const noexcept
{
    return (arguments_ ? arguments_->mapped() : 0) + (results_ ? results_->mapped() : 0);
}

void large_values::leave() noexcept
{
    if (arguments_)
        arguments_->leave();
    if (results_)
        results_->leave();
}

} // namespace tandem::worker
