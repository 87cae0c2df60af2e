// Exceptions across the border, by type: see src/codec/exception_codec.cpp for the types known from the start.
#ifndef TANDEM_DETAIL_EXCEPTION_CODEC_HPP
#define TANDEM_DETAIL_EXCEPTION_CODEC_HPP

#include <tandem/detail/archive.hpp>

#include <exception>
#include <span>
#include <utility>

namespace tandem::detail {

struct exception_type
{
    const char* name; // typeid's
    void (*encode)(byte_buffer& out, const std::exception& e);
    /// Where `is_nesting`, it is called in a handler of what is nested in the exception. Throws what is malformed, and what
    /// the type's own code throws.
    std::exception_ptr (*decode)(std::span<const std::byte> in, bool is_nesting);
};

/// Holds what is being handled, where `is_nesting`, as std::throw_with_nested does.
template <class E>
std::exception_ptr make_exception(E e, bool is_nesting)
{
    if (!is_nesting)
        return std::make_exception_ptr(std::move(e));
    try {
        std::throw_with_nested(std::move(e));
    } catch (...) {
        return std::current_exception();
    }
}

void register_exception_type(const exception_type& type);

/// With what is nested in it, and in that.
void encode_exception(byte_buffer& out, const std::exception_ptr& e);

/// Never throws for malformed bytes: those become a task_error with errc::decode_failed. What cannot be rebuilt as itself
/// becomes a remote_exception.
std::exception_ptr decode_exception(std::span<const std::byte> in);

} // namespace tandem::detail

#endif
