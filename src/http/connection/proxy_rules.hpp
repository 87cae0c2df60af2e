#ifndef TANDEM_SRC_HTTP_CONNECTION_PROXY_RULES_HPP
#define TANDEM_SRC_HTTP_CONNECTION_PROXY_RULES_HPP

#include "http/url.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tandem::http {

struct proxy
{
    origin at{};
    std::optional<credentials> login{};
};

/// Which proxy is for which origin. Reads the options once, and answers often; const members may be called from any
/// thread.
class proxy_rules
{
public:
    /// Throws `failure`, `errc::invalid_url`, for a proxy that is none; it names the option, and no password.
    explicit proxy_rules(const proxy_options& options);

    /// Null: none. Lives as long as this.
    const proxy* choose(const origin& target) const;

private:
    using network = std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6>;

    /// One of no_proxy's.
    struct exception
    {
        std::string domain{}; ///< it, and all below it
        std::optional<network> addresses{};
        std::optional<std::uint16_t> port{};
    };

    static std::optional<exception> parse_exception(std::string_view item);
    bool reached_without(const origin& target) const;

    std::optional<proxy> http_;
    std::optional<proxy> https_;
    bool never_ = false;
    std::vector<exception> exceptions_;
};

} // namespace tandem::http

#endif
