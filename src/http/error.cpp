#include <tandem/http/error.hpp>

#include <boost/system/errc.hpp>

namespace tandem::http {
namespace {

const char* sentence(errc e)
{
    switch (e) {
    case errc::invalid_url:
        return "not a URL that can be downloaded; give one such as https://host/path";
    case errc::unsupported_scheme:
        return "only http and https can be downloaded, and with https_only https alone";
    case errc::too_many_redirects:
        return "too many redirects, probably a loop; raise max_redirects if it is none";
    case errc::insecure_redirect:
        return "an https URL redirects to unencrypted http, which is not followed; ask for the http URL if that is "
               "meant";
    case errc::bad_redirect:
        return "the server redirects without saying where to, or to what is no http or https URL";
    case errc::bad_status:
        return "the server's answer is not the file";
    case errc::malformed_response:
        return "the server's answer is not valid HTTP";
    case errc::header_too_large:
        return "the header of the server's answer is over max_header_size";
    case errc::unexpected_encoding:
        return "the server encoded the body in a way that was not asked for";
    case errc::truncated_body:
        return "the connection ended before the body was complete; try again";
    case errc::body_too_long:
        return "the server sent more than it promised, so the file cannot be trusted";
    case errc::body_too_large:
        return "the body is over max_body_size";
    case errc::connection_closed:
        return "the server closed the connection before it answered; try again";
    case errc::connect_timeout:
        return "no connection within connect_timeout";
    case errc::idle_timeout:
        return "nothing was received within idle_timeout; try again, or allow more";
    case errc::total_timeout:
        return "not complete within total_timeout";
    case errc::certificate_refused:
        return "the server's certificate was refused";
    case errc::target_is_not_a_file:
        return "what stands under that name is not a regular file; remove it or choose another name";
    case errc::target_in_use:
        return "another download is writing this file; give each its own name";
    case errc::target_exists:
        return "there is a file of that name already; remove it, or allow that it is replaced";
    case errc::target_written_meanwhile:
        return "the file was written by another download meanwhile; give each its own name";
    case errc::range_mismatch:
        return "the server sent another part of the file than it was asked for; try again without resuming";
    case errc::too_slow:
        return "less came than min_rate asks for; try again, or allow less";
    case errc::undecodable_body:
        return "the body is not what its encoding says; ask for it without compression";
    case errc::decoded_too_large:
        return "decoding makes so much of the body that it is taken for an attack; raise max_decoded_ratio if it is "
               "none";
    case errc::checksum_mismatch:
        return "the file's bytes are not those that were expected, so it was not kept; ask who gave the checksum";
    case errc::proxy_refused:
        return "the proxy refused to connect; ask who runs it, or go without";
    case errc::login_required:
        return "a user name and a password are needed, or others than those that were given";
    case errc::folder_changed:
        return "the folder was removed, renamed or replaced during the download; leave it where it is until that is complete";
    case errc::naming_unsupported:
        return "the file system cannot give the file its name but by replacing what may have it; allow that, or choose "
               "another folder";
    case errc::part_changed:
        return "the unfinished file was removed, renamed, replaced or shortened by another program; leave it alone until the "
               "download is complete";
    case errc::invalid_option:
        return "an option is not valid; nothing was sent";
    case errc::source_not_repeatable:
        return "the server wants the request's body elsewhere, and its source cannot be read twice; ask there, or give it "
               "as body";
    case errc::source_size_mismatch:
        return "the request's source gave another number of bytes than source_size";
    }
    return "unknown error";
}

std::string way_to(const std::string& url, const std::string& given_url)
{
    return given_url.empty() || given_url == url ? "" : given_url + ": redirected to ";
}

class category final : public boost::system::error_category
{
public:
    const char* name() const noexcept override { return "tandem.http"; }
    std::string message(int value) const override { return sentence(static_cast<errc>(value)); }

    boost::system::error_condition default_error_condition(int value) const noexcept override
    {
        switch (static_cast<errc>(value)) {
        case errc::connect_timeout:
        case errc::idle_timeout:
        case errc::total_timeout:
        case errc::too_slow:
            return boost::system::errc::make_error_condition(boost::system::errc::timed_out);
        default:
            return {value, *this};
        }
    }
};

} // namespace

const boost::system::error_category& error_category() noexcept
{
    static const category instance;
    return instance;
}

boost::system::error_code make_error_code(errc e) noexcept
{
    return {static_cast<int>(e), error_category()};
}

download_error::download_error(const boost::system::error_code& code, const std::string& url, unsigned status,
                               const std::string& detail, const std::string& given_url)
    : system_error(code),
      text_(std::make_shared<const text>(
          text{url, given_url.empty() ? url : given_url,
               way_to(url, given_url) + url + ": " + (detail.empty() ? "" : detail + ": ") + code.message()})),
      status_(status)
{
}

} // namespace tandem::http
