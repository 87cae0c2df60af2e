// Exceptions across the border, by type: see src/codec/exception_codec.cpp for the types known from the start.
#ifndef TANDEM_DETAIL_EXCEPTION_CODEC_HPP
#define TANDEM_DETAIL_EXCEPTION_CODEC_HPP

#include <tandem/detail/archive.hpp>

#include <exception>

namespace tandem::detail {

struct exception_type
{
    const char* name; // typeid's
    void (*encode)(byte_buffer& out, const std::exception& e);
    std::exception_ptr (*decode)(std::span<const std::byte> in);
};

void register_exception_type(const exception_type& type);

void encode_exception(byte_buffer& out, const std::exception_ptr& e);

/// Never throws for malformed bytes: those become a task_error with errc::decode_failed.
std::exception_ptr decode_exception(std::span<const std::byte> in);

} // namespace tandem::detail

#endif
