// A task that each worker runs before all others.
#ifndef TANDEM_WORKER_INITIALIZER_HPP
#define TANDEM_WORKER_INITIALIZER_HPP

#include <tandem/detail/process_call_check.hpp>
#include <tandem/task.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace tandem {

/// Made of any bound task: `.initializer = tandem::task<load_model>("model.bin")`. Its result is dropped.
class worker_initializer
{
public:
    /// None.
    worker_initializer() = default;

    /// Throws what encoding the arguments throws.
    template <auto F>
    worker_initializer(const bound_task<F>& work) : entry_(&bound_task<F>::entry())
    {
        byte_buffer encoded;
        work.encode_arguments(encoded);
        arguments_ = std::make_shared<const byte_buffer>(std::move(encoded));
    }

    /// Anything else: does not compile, and says why.
    template <class Work>
        requires(!std::is_same_v<Work, worker_initializer> && !detail::is_bound_task<Work>)
    worker_initializer(const Work&)
    {
        using check [[maybe_unused]] = typename detail::process_work_check<Work>::sentence;
    }

    explicit operator bool() const noexcept { return entry_ != nullptr; }

    // What the pool needs to know.
    const detail::task_entry& entry() const noexcept { return *entry_; }
    const byte_buffer& arguments() const noexcept { return *arguments_; }

private:
    const detail::task_entry* entry_ = nullptr;
    std::shared_ptr<const byte_buffer> arguments_;
};

} // namespace tandem

#endif
