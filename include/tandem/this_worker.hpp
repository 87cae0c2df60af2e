// State that the tasks of one worker share: of a worker process, or of a thread of a thread_pool.
#ifndef TANDEM_THIS_WORKER_HPP
#define TANDEM_THIS_WORKER_HPP

#include <tandem/detail/same_build.hpp>

#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace tandem::this_worker {

namespace detail {

template <class T>
std::optional<T>& slot() noexcept
{
    thread_local std::optional<T> value;
    return value;
}

} // namespace detail

/// Makes this worker's T anew, mostly in process_pool_options::initializer. It lives until the worker ends, or the
/// next emplace. No other worker sees it, so nothing locks.
template <class T, class... Args>
T& emplace(Args&&... arguments)
{
    if constexpr (std::is_constructible_v<T, Args...>)
        return detail::slot<T>().emplace(std::forward<Args>(arguments)...);
    else // an aggregate, which some compilers do not make from a parenthesised list
        return detail::slot<T>().emplace(T{std::forward<Args>(arguments)...});
}

/// This worker's T, or null where it has none.
template <class T>
T* find() noexcept
{
    auto& value = detail::slot<T>();
    return value ? &*value : nullptr;
}

/// This worker's T. Throws std::logic_error where it has none.
template <class T>
T& get()
{
    if (T* const value = find<T>())
        return *value;
    throw std::logic_error("tandem::this_worker::get: this worker has no such object; make it with "
                           "this_worker::emplace, in process_pool_options::initializer");
}

} // namespace tandem::this_worker

#endif
