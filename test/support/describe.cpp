#include <support/recording.hpp>

#include <boost/core/demangle.hpp>
#include <boost/system/system_error.hpp>

#include <typeinfo>

namespace test {

std::string describe(const std::exception_ptr& error)
{
    if (!error)
        return "none";
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& e) {
        return e.code().to_string() + ": " + e.what();
    } catch (const std::exception& e) {
        return boost::core::demangle(typeid(e).name()) + ": " + e.what();
    } catch (...) {
        return "not a std::exception";
    }
}

} // namespace test
