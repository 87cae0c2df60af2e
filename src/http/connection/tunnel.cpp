#include "http/connection/tunnel.hpp"

#include "http/exchange/basic_auth.hpp"
#include "http/exchange/header.hpp"
#include "http/exchange/message.hpp"
#include "http/syntax/printable.hpp"

#include <optional>
#include <string>

namespace asio = boost::asio;
using boost::system::error_code;

namespace tandem::http {

failure proxy_failure(const proxy& via, const boost::beast::http::response_header<>& answer)
{
    const unsigned status = answer.result_int();
    const bool wants_login = status == 407;
    return failure(wants_login ? errc::login_required : errc::proxy_refused,
                   via.name() + " answers " + std::to_string(status) + ' ' + printable(std::string(answer.reason())) +
                       (wants_login ? describe_other_login(answer, boost::beast::http::field::proxy_authenticate, "it")
                                    : std::string()),
                   status);
}

asio::awaitable<void> open_tunnel(const client_options& options, connection& over, transfer& by, const origin& at,
                                  const proxy& via)
{
    error_code error;
    co_await over.write(connect_text(options, at, via), error);
    std::optional<response_parser> parser;
    if (!error || is_early_end(error)) {
        header_reader reader(over, options.max_header_size, true, parser);
        co_await reader.read(error, [] {}); // within the time for the whole connection
    }
    by.check();
    const std::string who = via.name();
    if (error) {
        const failure cause = header_failure(error);
        throw failure(cause.code(), cause.detail().empty() ? who : who + ", " + cause.detail());
    }
    const unsigned status = parser->get().result_int();
    if (status / 100 != 2) {
        throw proxy_failure(via, parser->get());
    }
    if (over.buffer.size() > 0) {
        throw failure(errc::malformed_response, who + " sends bytes before the TLS handshake", status);
    }
}

} // namespace tandem::http
