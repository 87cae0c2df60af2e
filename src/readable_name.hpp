// Names of functions and types as a programmer writes them.
#ifndef TANDEM_READABLE_NAME_HPP
#define TANDEM_READABLE_NAME_HPP

#include <string>
#include <string_view>

namespace tandem::detail {

/// As typeid and the linker name it: demangled and shortened.
std::string readable_name(const char* mangled);

/// Of a name that is demangled: `std::string` for `std::__cxx11::basic_string<char, std::char_traits<char>, ...>`,
/// `std::vector<int>` for `std::vector<int, std::allocator<int> >`. What it cannot read it leaves as it is.
std::string shortened_name(std::string_view demangled);

} // namespace tandem::detail

#endif
