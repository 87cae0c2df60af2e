#ifndef TANDEM_SRC_HTTP_FAILURE_HPP
#define TANDEM_SRC_HTTP_FAILURE_HPP

#include <tandem/http/error.hpp>

#include <boost/system/error_code.hpp>

#include <exception>
#include <string>
#include <utility>

namespace tandem::http {

/// A cause that does not know its URL yet: what the parts throw, and the download makes a `download_error` of.
class failure : public std::exception
{
public:
    explicit failure(const boost::system::error_code& code, std::string detail = {}, unsigned status = 0)
        : code_(code), detail_(std::move(detail)), status_(status)
    {
    }

    /// One of this machine's disk: no server is to blame.
    static failure local(const boost::system::error_code& code, std::string detail = {})
    {
        failure result(code, std::move(detail));
        result.is_local_ = true;
        return result;
    }

    const char* what() const noexcept override { return detail_.c_str(); }
    const boost::system::error_code& code() const noexcept { return code_; }
    const std::string& detail() const noexcept { return detail_; }
    unsigned status() const noexcept { return status_; }
    bool is_local() const noexcept { return is_local_; }

private:
    boost::system::error_code code_;
    std::string detail_;
    unsigned status_;
    bool is_local_ = false;
};

/// Within a handler of any exception: what the user is told of it. `url` may hold credentials, they are removed;
/// `status` counts where the exception knows none. A `download_error`, or `std::bad_alloc`.
std::exception_ptr current_as_download_error(const std::string& url, unsigned status);

} // namespace tandem::http

#endif
