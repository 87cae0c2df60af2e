// Compiled only where Boost.Process is a library that is not installed (Debian 13 packages the headers of 1.88 without
// it). Its headers name these two in static references, and that is all of the library that tandem's use of them needs.
// Weak, so that a program that brings the library keeps the library's.
#include <boost/process/v2/error.hpp>

#include <boost/system/error_code.hpp>

BOOST_PROCESS_V2_BEGIN_NAMESPACE
namespace error {

[[gnu::weak]] const error_category& get_utf8_category()
{
    return boost::system::generic_category();
}

[[gnu::weak]] const error_category& get_exit_code_category()
{
    return boost::system::generic_category();
}

} // namespace error
BOOST_PROCESS_V2_END_NAMESPACE
