#include "tandem_get/network.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

namespace asio = boost::asio;

namespace {

/// `none` is what is said where the file holds nothing of the kind.
void require_loaded(const boost::system::error_code& error, const std::string& what, const std::filesystem::path& file,
                    const std::string& none)
{
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
    if (error.category() == asio::error::get_ssl_category() &&
        (reason == PEM_R_NO_START_LINE || reason == ERR_R_UNSUPPORTED)) {
        throw std::invalid_argument(file.string() + " holds no " + none);
    }
    if (error) {
        throw boost::system::system_error(error, "cannot load the " + what + " from " + file.string());
    }
}

asio::ip::address address_of(const sockaddr& found)
{
    if (found.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &found, sizeof v4);
        return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &found, sizeof v6);
    asio::ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes, v6.sin6_scope_id);
}

/// By what connections do with it: of a network such as 127.0.0.0/8 no interface names each address.
void require_own(const asio::ip::address& address)
{
    asio::io_context none;
    asio::ip::tcp::socket probe(none);
    boost::system::error_code error;
    const asio::ip::tcp::endpoint at(address, 0);
    probe.open(at.protocol(), error);
    if (!error) {
        probe.bind(at, error);
    }
    if (error == boost::system::errc::address_not_available) {
        throw std::invalid_argument("--interface: no interface here has the address " + address.to_string());
    }
}

bool is_link_local(const asio::ip::address& one)
{
    return one.is_v6() && one.to_v6().is_link_local();
}

} // namespace

void show_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key,
                      tandem::http::client_options& to)
{
    const bool apart = !key.empty();
    to.configure_tls = [certificate, apart, key_file = apart ? key : certificate](asio::ssl::context& settings) {
        boost::system::error_code error;
        settings.use_certificate_chain_file(certificate.string(), error);
        require_loaded(error, "certificate (--cert)", certificate, "PEM certificate (--cert)");
        settings.use_private_key_file(key_file.string(), asio::ssl::context::pem, error);
        require_loaded(error, apart ? "certificate's key (--key)" : "certificate's key", key_file,
                       apart ? "PEM key (--key)" : "key beside the certificate; give it by --key FILE");
    };
}

std::vector<asio::ip::address> local_addresses(const std::string& interface_or_address)
{
    boost::system::error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(interface_or_address, not_an_address);
    if (!not_an_address) {
        require_own(address);
        return {address};
    }
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) {
        throw std::invalid_argument(std::string("--interface: the interfaces are not told: ") + std::strerror(errno));
    }
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(first, ::freeifaddrs);
    std::vector<asio::ip::address> result;
    for (const ifaddrs* one = first; one; one = one->ifa_next) {
        const int family = one->ifa_addr ? one->ifa_addr->sa_family : AF_UNSPEC;
        if (interface_or_address == one->ifa_name && (family == AF_INET || family == AF_INET6)) {
            result.push_back(address_of(*one->ifa_addr));
        }
    }
    if (result.empty()) {
        throw std::invalid_argument("--interface: no interface is called " + interface_or_address +
                                    ", or it has no address");
    }
    // The first one of its family is used, and from a link-local one not much is reached.
    std::stable_partition(result.begin(), result.end(), [](const auto& each) { return !is_link_local(each); });
    return result;
}
