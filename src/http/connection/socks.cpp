#include "http/connection/socks.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <string>

namespace asio = boost::asio;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr char version = 5;
constexpr char no_login = 0;
constexpr char with_password = 2; // RFC 1929
constexpr char connect_command = 1;
constexpr char ipv4_address = 1;
constexpr char domain_name = 3;
constexpr char ipv6_address = 4;

/// One proxy's, so that each failure names it.
class socks_dialogue
{
public:
    socks_dialogue(connection& over, transfer& by, const proxy& via) : over_(over), by_(by), via_(via) {}

    [[noreturn]] void fail(const error_code& code, const std::string& what) const
    {
        throw failure(code, via_.name() + ' ' + what);
    }

    asio::awaitable<void> send(const std::string& bytes)
    {
        error_code error;
        co_await over_.write(bytes, error);
        check(error);
    }

    /// Exactly so many: what follows is the server's.
    asio::awaitable<std::string> receive(std::size_t size)
    {
        std::string result(size, '\0');
        std::size_t done = 0;
        while (done < size) {
            error_code error;
            done += co_await over_.read_some(asio::buffer(result.data() + done, size - done), error);
            check(error);
        }
        co_return result;
    }

    /// Begun with the version of SOCKS.
    asio::awaitable<std::string> receive_answer(std::size_t size)
    {
        std::string result = co_await receive(size);
        if (result.front() != version) {
            fail(errc::malformed_response, "does not speak SOCKS 5");
        }
        co_return result;
    }

private:
    void check(const error_code& error) const
    {
        by_.check();
        if (error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe) {
            fail(errc::connection_closed, "ended the connection");
        }
        if (error) {
            fail(error, "failed");
        }
    }

    connection& over_;
    transfer& by_;
    const proxy& via_;
};

/// A length and so many bytes.
std::string counted(const std::string& bytes, const char* what)
{
    if (bytes.size() > UINT8_MAX) {
        throw failure(errc::invalid_option, std::string(what) + " is longer than the 255 bytes that SOCKS has room for");
    }
    return static_cast<char>(bytes.size()) + bytes;
}

asio::awaitable<void> log_in(socks_dialogue& with, const credentials& login)
{
    const std::string question = '\1' + counted(login.user, "the user name for the proxy") +
                                 counted(login.password, "the password for the proxy");
    co_await with.send(question);
    const std::string answer = co_await with.receive(2);
    if (answer[1] != 0) {
        with.fail(errc::login_required, "refused the user name or the password");
    }
}

std::string encoded_destination(const std::string& host, std::uint16_t port)
{
    std::string result;
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(host, not_an_address);
    if (not_an_address) {
        result = domain_name + counted(host, "the host's name");
    } else if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        result = ipv4_address + std::string(bytes.begin(), bytes.end());
    } else {
        const auto bytes = address.to_v6().to_bytes();
        result = ipv6_address + std::string(bytes.begin(), bytes.end());
    }
    result += static_cast<char>(port >> 8);
    result += static_cast<char>(port & 255);
    return result;
}

struct refusal
{
    error_code code;
    const char* what;
};

/// What the proxy found is told as if it had been found here.
refusal meaning(char reply)
{
    switch (reply) {
    case 1:
        return {errc::proxy_refused, "general failure"};
    case 2:
        return {errc::proxy_refused, "its rules do not allow it"};
    case 3:
        return {asio::error::network_unreachable, "network unreachable"};
    case 4:
        return {asio::error::host_unreachable, "host unreachable"};
    case 5:
        return {asio::error::connection_refused, "connection refused"};
    case 6:
        return {asio::error::timed_out, "TTL expired"};
    case 7:
        return {errc::proxy_refused, "command not supported"};
    case 8:
        return {errc::proxy_refused, "address type not supported"};
    default:
        return {errc::proxy_refused, "for an unknown reason"};
    }
}

} // namespace

asio::awaitable<std::optional<failure>> pass_socks(connection& over, transfer& by, const std::string& host,
                                                   std::uint16_t port, const proxy& via)
{
    socks_dialogue with(over, by, via);
    std::string greeting{version, 1, no_login};
    if (via.login) {
        greeting[1] = 2;
        greeting += with_password;
    }
    co_await with.send(greeting);
    const std::string method = co_await with.receive_answer(2);
    if (method[1] == with_password && via.login) {
        co_await log_in(with, *via.login);
    } else if (method[1] != no_login) {
        with.fail(errc::login_required, "takes none of the logins that are known here");
    }
    const std::string command = std::string{version, connect_command, 0} + encoded_destination(host, port);
    co_await with.send(command);
    const std::string answer = co_await with.receive_answer(4);
    if (answer[1] != 0) {
        const refusal why = meaning(answer[1]);
        co_return failure(why.code, via.name() + " cannot connect to " + host + " port " + std::to_string(port) + ": " +
                                        why.what);
    }
    // Where it connected from, which nobody needs to know.
    std::size_t rest = 4;
    if (answer[3] == ipv6_address) {
        rest = 16;
    } else if (answer[3] == domain_name) {
        const std::string size = co_await with.receive(1);
        rest = static_cast<unsigned char>(size[0]);
    } else if (answer[3] != ipv4_address) {
        with.fail(errc::malformed_response, "gives an address of an unknown type");
    }
    co_await with.receive(rest + 2);
    co_return std::nullopt;
}

} // namespace tandem::http
