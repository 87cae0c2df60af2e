#include "http/failure.hpp"

#include "http/url.hpp"

#include <boost/system/errc.hpp>
#include <boost/system/error_code.hpp>

#include <new>
#include <system_error>

namespace tandem::http {
namespace {

std::exception_ptr make_download_error(const std::string& url, unsigned status, const std::string& given_url)
{
    const auto made = [&](const boost::system::error_code& code, unsigned of, const std::string& detail) {
        return std::make_exception_ptr(download_error(code, printable_url(url), of, detail,
                                                      given_url.empty() ? std::string() : printable_url(given_url)));
    };
    try {
        throw;
    } catch (const failure& cause) {
        return made(cause.code(), cause.status() != 0 ? cause.status() : status, cause.detail());
    } catch (const download_error&) {
        return std::current_exception();
    } catch (const std::bad_alloc&) {
        return std::current_exception();
    } catch (const boost::system::system_error& cause) {
        return made(cause.code(), status, {});
    } catch (const std::exception& cause) {
        // Nothing else is expected; should it come, it names the URL all the same.
        return made(make_error_code(boost::system::errc::io_error), status, cause.what());
    } catch (...) {
        return made(make_error_code(boost::system::errc::io_error), status, {});
    }
}

/// Boost has categories of its own for the system's errors, and goes by these.
boost::system::error_code as_boost(const std::error_code& code)
{
    const bool is_errno = code.category() == std::system_category() || code.category() == std::generic_category();
    return is_errno ? boost::system::error_code(code.value(), boost::system::system_category())
                    : boost::system::error_code(code);
}

} // namespace

failure current_as_failure(const boost::system::error_code& otherwise, const std::string& detail)
{
    try {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const failure& cause) {
        return cause;
    } catch (const boost::system::system_error& cause) {
        return failure(cause.code(), detail);
    } catch (const std::system_error& cause) {
        return failure(as_boost(cause.code()), detail);
    } catch (const std::exception& cause) {
        return failure(otherwise, detail + ": " + cause.what());
    } catch (...) {
        return failure(otherwise, detail);
    }
}

std::exception_ptr current_as_download_error(const std::string& url, unsigned status,
                                             const std::string& given_url) noexcept
{
    try {
        return make_download_error(url, status, given_url);
    } catch (...) { // no memory for it
        return std::current_exception();
    }
}

} // namespace tandem::http
