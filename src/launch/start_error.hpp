// Why a process could not be started.
#ifndef TANDEM_LAUNCH_START_ERROR_HPP
#define TANDEM_LAUNCH_START_ERROR_HPP

#include <boost/system/error_code.hpp>

#include <stdexcept>
#include <string>

namespace tandem::launch {

/// what() says which step failed, on what, why, and what may help.
class start_error : public std::runtime_error
{
public:
    /// `help` is what may help, or what more is known; empty where `cause` says it all.
    start_error(const boost::system::error_code& cause, const std::string& step, const std::string& help);

    /// With what helps for this cause, whatever the step.
    start_error(const boost::system::error_code& cause, const std::string& step);

    const boost::system::error_code& code() const noexcept { return code_; }

private:
    boost::system::error_code code_;
};

/// The same for an `errno`.
[[noreturn]] void throw_start_error(int error, const std::string& step);

} // namespace tandem::launch

#endif
