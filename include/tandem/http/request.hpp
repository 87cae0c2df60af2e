#ifndef TANDEM_HTTP_REQUEST_HPP
#define TANDEM_HTTP_REQUEST_HPP

#include <tandem/http/options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::http {

/// What `basic_client::async_request` asks for.
struct request
{
    std::string url{};
    std::string method = "GET"; ///< a token, in capitals as all known ones are; CONNECT is not for here

    /// Sent with its Content-Length where it is not empty, or the method is POST, PUT or PATCH. One of more than 1 MiB is
    /// announced (Expect: 100-continue), and sent when the server wants it or has said nothing for a second; a field Expect
    /// in the options leaves that to the user. It is not sent on once the server has answered.
    std::string body{};

    transfer_options options{.max_body_size = 64 * 1024 * 1024}; ///< the answer's body is held in memory
};

/// An answer, of whatever status.
struct response
{
    std::string url{};                   ///< where it came from, after redirects
    unsigned status = 0;
    std::string reason{};                ///< as the server words it
    std::vector<header_field> headers{}; ///< in the order in which they came
    std::string body{};                  ///< decoded, where `transfer_options::compressed` was asked for
    unsigned redirects = 0;              ///< followed
    bool reused_connection = false;

    /// The value of the first field of that name, in letters of any case.
    std::optional<std::string_view> header(std::string_view name) const noexcept;
};

} // namespace tandem::http

#endif
