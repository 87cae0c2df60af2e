#ifndef TANDEM_SRC_HTTP_FAILURE_HPP
#define TANDEM_SRC_HTTP_FAILURE_HPP

#include "http/url.hpp"

#include <tandem/http/error.hpp>

#include <boost/system/error_code.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace tandem::http {

/// Who did not deliver, and how long it asks to be left alone for.
struct refusing_server
{
    origin at{};
    std::optional<std::chrono::seconds> retry_after{};
};

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

    /// By an answer's status.
    static failure refused(const boost::system::error_code& code, std::string detail, unsigned status,
                           refusing_server who)
    {
        failure result(code, std::move(detail), status);
        result.refused_by_ = std::move(who);
        return result;
    }

    const char* what() const noexcept override { return detail_.c_str(); }
    const boost::system::error_code& code() const noexcept { return code_; }
    const std::string& detail() const noexcept { return detail_; }
    unsigned status() const noexcept { return status_; }
    bool is_local() const noexcept { return is_local_; }
    const std::optional<refusing_server>& refused_by() const noexcept { return refused_by_; }

private:
    boost::system::error_code code_;
    std::string detail_;
    unsigned status_;
    bool is_local_ = false;
    std::optional<refusing_server> refused_by_{};
};

/// Within a handler of any exception that a function of the user's threw: that as a cause, with `detail`. A system
/// error keeps its code, all else has `otherwise` and its text. Throws `std::bad_alloc` where it is one.
failure current_as_failure(const boost::system::error_code& otherwise, const std::string& detail);

/// Within a handler of any exception: what the user is told of it. `url` may hold credentials, they are removed;
/// `status` counts where the exception knows none; `given_url` is where redirects led from to `url`, empty where there
/// were none. A `download_error`, or `std::bad_alloc`.
std::exception_ptr current_as_download_error(const std::string& url, unsigned status,
                                             const std::string& given_url = {}) noexcept;

} // namespace tandem::http

#endif
