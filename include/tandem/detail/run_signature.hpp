#ifndef TANDEM_DETAIL_RUN_SIGNATURE_HPP
#define TANDEM_DETAIL_RUN_SIGNATURE_HPP

#include <concepts>
#include <exception>

namespace tandem::detail {

/// The completion signature of async_run for a result of type R.
template <class R>
struct run_signature
{
    static_assert(std::default_initializable<R>,
                  "tandem: a result type needs a default constructor: a failed operation completes with one.");
    using type = void(std::exception_ptr, R);
};
template <>
struct run_signature<void>
{
    using type = void(std::exception_ptr);
};

} // namespace tandem::detail

#endif
