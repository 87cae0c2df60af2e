// The error of an operation that was cancelled.
#ifndef TANDEM_DETAIL_OPERATION_ABORTED_HPP
#define TANDEM_DETAIL_OPERATION_ABORTED_HPP

#include <exception>

namespace tandem::detail {

/// boost::system::system_error with `operation_aborted`; where there is no memory for it, std::bad_alloc. All have the same one.
std::exception_ptr operation_aborted() noexcept;

} // namespace tandem::detail

#endif
