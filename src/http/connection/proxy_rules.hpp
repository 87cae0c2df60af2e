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
    enum class protocol
    {
        http,    ///< over TLS where `at` is secure
        socks5,  ///< is told addresses
        socks5h, ///< is told names
    };

    protocol speaks = protocol::http;
    origin at{};
    std::optional<credentials> login{};

    /// Whether it is asked itself for what is at `target`, by the whole URL; else it passes on bytes.
    bool answers_for(const origin& target) const noexcept { return speaks == protocol::http && !target.secure; }

    /// As failures name it.
    std::string name() const { return "the proxy " + at.host + " port " + std::to_string(at.port); }
};

/// Which proxy is for which origin. Reads the options once, and answers often; const members may be called from any
/// thread.
class proxy_rules
{
public:
    /// One that is none is no fault before it is wanted: the environment is not made for one program.
    struct setting
    {
        setting(const std::string& text, const char* name);

        std::optional<proxy> parsed{};
        std::string fault{};
    };

    explicit proxy_rules(const proxy_options& options);

    /// Null: none. Lives as long as this. Throws `failure`, `errc::invalid_option`, where the one to be chosen is none; it
    /// tells no password.
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

    const setting http_;
    const setting https_;
    bool never_ = false;
    std::vector<exception> exceptions_;
};

} // namespace tandem::http

#endif
