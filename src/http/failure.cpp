#include "http/failure.hpp"

#include "http/url.hpp"

#include <boost/system/errc.hpp>

#include <new>

namespace tandem::http {

std::exception_ptr current_as_download_error(const std::string& url, unsigned status)
{
    const auto made = [&](const boost::system::error_code& code, unsigned of, const std::string& detail) {
        return std::make_exception_ptr(download_error(code, printable_url(url), of, detail));
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
    }
}

} // namespace tandem::http
