#ifndef TANDEM_SRC_HTTP_EXCHANGE_COOKIE_JAR_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_COOKIE_JAR_HPP

#include "http/url.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::http {

/// The cookies that one chain of redirects sets, for the further requests of that chain: a site that lets nobody in
/// without one would redirect for ever. By RFC 6265, and narrower where that would need a list of public suffixes: a
/// cookie for a domain that may be one, such as co.uk, stays with its host. Another port is another site, but for
/// http's own and https's.
class cookie_jar
{
public:
    using time_point = std::chrono::sys_seconds;

    /// Takes the value of a Set-Cookie field of an answer from `at`, unless it is for another site or no cookie.
    void store(const location& at, std::string_view field, time_point now);

    /// The value of the Cookie field for a request to `at`; empty where there is none.
    std::string value_for(const location& at, time_point now) const;

private:
    struct cookie
    {
        std::string name{};
        std::string value{};
        std::string domain{};
        std::string path{};
        std::uint16_t port = 0; ///< 0: the scheme's own
        bool host_only = true;
        bool secure = false;
        bool came_secure = false; ///< over https
        std::optional<time_point> end{};
    };

    static std::optional<cookie> parse(const location& at, std::string_view field, time_point now);

    std::vector<cookie> cookies_; ///< in the order in which they came
};

} // namespace tandem::http

#endif
