#ifndef TANDEM_DETAIL_RUN_SIGNATURE_HPP
#define TANDEM_DETAIL_RUN_SIGNATURE_HPP

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

namespace tandem::detail {

/// Whether a failed operation can complete with one.
template <class R>
concept deliverable = std::is_void_v<R> || std::default_initializable<R>;

/// The completion signature of async_run for a result of type R.
template <class R>
struct run_signature
{
    using type = void(std::exception_ptr, R);
};
template <>
struct run_signature<void>
{
    using type = void(std::exception_ptr);
};

/// What is delivered in place of the result of an operation that fails. Where making it may throw, it is made when the
/// operation begins: later there would be nobody to throw to.
template <class R>
class failure_value
{
public:
    R take() noexcept { return R(); }
};
template <class R>
    requires(!std::is_nothrow_default_constructible_v<R>)
class failure_value<R>
{
public:
    R take() { return std::move(held_); }

private:
    R held_{};
};
template <>
class failure_value<void>
{
};

} // namespace tandem::detail

#endif
