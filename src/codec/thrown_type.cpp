#include <codec/thrown_type.hpp>

#include <cxxabi.h>

#include <string_view>

namespace tandem::detail {
namespace {

struct wrapper
{
    std::string_view mangled; // or how that of a template begins
    unsigned base;            // what was thrown, among its bases
};

constexpr wrapper wrappers[] = {
    {"St17_Nested_exceptionI", 0},
    {"St13__ios_failure", 0},
    {"N5boost10wrapexceptI", 1},
    {"N5boost16exception_detail10clone_implI", 0},
    {"N5boost16exception_detail19error_info_injectorI", 0},
};

const std::type_info* base_of([[maybe_unused]] const std::type_info& type, [[maybe_unused]] unsigned number)
{
#ifdef __GLIBCXX__ // others do not say
    if (const auto* const single = dynamic_cast<const abi::__si_class_type_info*>(&type))
        return number == 0 ? single->__base_type : nullptr;
    if (const auto* const multiple = dynamic_cast<const abi::__vmi_class_type_info*>(&type))
        return number < multiple->__base_count ? multiple->__base_info[number].__base_type : nullptr;
#endif
    return nullptr;
}

const std::type_info* wrapped_in(const std::type_info& type)
{
    for (const wrapper& w : wrappers)
        if (std::string_view(type.name()).starts_with(w.mangled))
            return base_of(type, w.base);
    return nullptr;
}

} // namespace

const std::type_info& thrown_type(const std::type_info& actual)
{
    const std::type_info* type = &actual;
    while (const std::type_info* const inner = wrapped_in(*type))
        type = inner;
    return *type;
}

} // namespace tandem::detail
