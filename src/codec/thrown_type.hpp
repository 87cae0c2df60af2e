// The type of an exception as whoever threw it named it.
#ifndef TANDEM_CODEC_THROWN_TYPE_HPP
#define TANDEM_CODEC_THROWN_TYPE_HPP

#include <typeinfo>

namespace tandem::detail {

/// Of an object that the library has made of it, with that type as a base: std::throw_with_nested,
/// boost::throw_exception, and libstdc++'s streams do.
const std::type_info& thrown_type(const std::type_info& actual);

} // namespace tandem::detail

#endif
