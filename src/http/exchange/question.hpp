#ifndef TANDEM_SRC_HTTP_EXCHANGE_QUESTION_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_QUESTION_HPP

#include "http/exchange/cookie_jar.hpp"
#include "http/url.hpp"

#include <tandem/http/options.hpp>
#include <tandem/http/progress.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::http {

/// What is asked of a server.
struct question
{
    /// Who asks for ranges.
    enum class ranges
    {
        own,  ///< the client itself
        users ///< the user, by fields
    };

    /// Throws `failure` where the URL is none, or is not allowed by the options; where the options or the method are
    /// not valid.
    question(std::string_view url, const transfer_options& with, std::string_view method_name = "GET",
             ranges asked_for = ranges::own);

    /// Whether it may be sent twice: the server does the same for two as for one (RFC 9110, section 9.2.2), and there
    /// is a body for both.
    bool repeatable() const;

    bool has_body() const;
    void drop_body();

    /// Whether the body is sent only when the server has said that it wants it, or nothing for a while (RFC 9110,
    /// section 10.1.1): a large one, where no field of the user's says otherwise.
    bool asks_before_body() const;

    location at;
    std::string method;
    std::string body{}; ///< sent where not empty, or the method is POST, PUT or PATCH
    std::function<boost::asio::awaitable<std::string>()> source{}; ///< of a body, in its place
    std::optional<std::uint64_t> source_size{};                    ///< unknown: it is sent in chunks
    bool source_begun = false;                                     ///< it cannot be sent again
    std::vector<header_field> extra{}; ///< the client's own: Range, If-Range, If-None-Match, ...
    const transfer_options* options;   ///< must outlive it
    bool asks_gzip;                    ///< and has it decoded; else as it is stored
    bool heeds_pauses = false;         ///< waits while its server, or one that a redirect names, asked to be left alone
    download_progress* progress = nullptr; ///< is told so, where there is one; must outlive it
    bool crossed_origin = false;           ///< by a redirect: the user's credentials are not for this server
    bool may_ask_before_body = true;       ///< until the server refuses that
    bool crossed_host = false;             ///< the same to another host: nor is what the user has for all hosts
    bool body_dropped = false;             ///< by a redirect, and so the fields that tell of it
    cookie_jar cookies{};                  ///< of the redirects up to here
};

} // namespace tandem::http

#endif
