#ifndef TANDEM_HTTP_ERROR_HPP
#define TANDEM_HTTP_ERROR_HPP

#include <tandem/detail/same_build.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <string>
#include <type_traits>

namespace tandem::http {

/// Why a download failed where the cause is HTTP's, not the system's. Each value's message says what happened and what
/// can be done. System errors (connection refused, no such host, disk full, ...) keep their own codes and categories.
enum class errc
{
    invalid_url = 1,      ///< not an absolute http or https URL with a host
    unsupported_scheme,   ///< neither http nor https, or http with `https_only`; nothing was sent
    too_many_redirects,   ///< more redirects than `download_options::max_redirects`
    insecure_redirect,    ///< an https URL redirected to http; not followed
    bad_redirect,         ///< a redirect without a usable Location
    bad_status,           ///< a status that does not deliver the file; see `download_error::status()`
    malformed_response,   ///< not HTTP, or HTTP that contradicts itself
    header_too_large,     ///< the response header is over `client_options::max_header_size`
    unexpected_encoding,  ///< an encoded body with `encoded_body::refuse`, or a transfer coding that was not asked for
    truncated_body,       ///< the body ended before it was complete
    body_too_long,        ///< more bytes than the response promised
    body_too_large,       ///< the body is over `download_options::max_body_size`
    connection_closed,    ///< the server closed the connection before it answered
    connect_timeout,      ///< no connection within `client_options::connect_timeout`
    idle_timeout,         ///< no byte within `download_options::idle_timeout`
    total_timeout,        ///< not complete within `download_options::total_timeout`
    certificate_refused,  ///< the server's certificate is not trusted, or is for another host
    target_is_not_a_file, ///< the target or its .part exists and is no regular file
    target_in_use,        ///< another download is writing the same target
    target_exists,        ///< there is a file of that name, or of its .part's, that must not be replaced
    target_written_meanwhile, ///< the file was written since `download_options::not_written_since`
    range_mismatch,           ///< a partial answer that is not the part that was asked for
    too_slow,                 ///< fewer bytes a second than `transfer_options::min_rate`
    undecodable_body,         ///< an encoded body that is not what its encoding says
    decoded_too_large,        ///< decoding makes too much of too little: see `transfer_options::max_decoded_ratio`
    checksum_mismatch,        ///< the file's bytes are not those of the checksum
    proxy_refused,            ///< the proxy did not make the tunnel
    login_required,           ///< 401 or 407: the server or the proxy wants credentials, or others
    invalid_option,           ///< an option that is out of its bounds, or a header field that cannot be sent
    source_not_repeatable,    ///< a redirect wants the body again that `request::source` gave
    source_size_mismatch,     ///< `request::source` gave another number of bytes than `request::source_size`
    folder_changed,           ///< the target's folder was removed, or another has its name, since the download began
    naming_unsupported,       ///< the file system cannot give a file a name but by replacing what may have it
    part_changed,             ///< the .part was removed, renamed, replaced or shortened by others during the download
};

/// The category of errc. Its messages are sentences: what happened, and what to do. The three timeouts and `too_slow`
/// are equivalent to `std::errc::timed_out`.
const boost::system::error_category& error_category() noexcept;

boost::system::error_code make_error_code(errc e) noexcept;

/// A failed download. `code()` is an `http::errc`, a system error, or `asio::error::operation_aborted` after
/// cancellation; `what()` reads "URL: detail: message of the code", and after redirects "URL: redirected to URL: ...".
class download_error : public boost::system::system_error
{
public:
    /// `url` is the one that failed, after redirects; `status` is 0 where no response came; `given_url` is the one that
    /// redirects led from, empty where there were none.
    download_error(const boost::system::error_code& code, const std::string& url, unsigned status = 0,
                   const std::string& detail = std::string(), const std::string& given_url = std::string());

    const char* what() const noexcept override { return text_->what.c_str(); }

    /// The URL that failed, after redirects. Credentials in it are removed.
    const std::string& url() const noexcept { return text_->url; }

    /// The URL that was asked for first: redirects led from it to `url()`. The same where there were none. Credentials
    /// in it are removed.
    const std::string& given_url() const noexcept { return text_->given_url; }

    /// The status of the response, or 0 where none came.
    unsigned status() const noexcept { return status_; }

private:
    struct text
    {
        std::string url;
        std::string given_url;
        std::string what;
    };

    std::shared_ptr<const text> text_; // copying an exception must not throw
    unsigned status_;
};

} // namespace tandem::http

template <>
struct boost::system::is_error_code_enum<tandem::http::errc> : std::true_type
{
};

#endif
