// How --cert, --key and --interface are told to the library.
#ifndef TANDEM_EXAMPLE_TANDEM_GET_NETWORK_HPP
#define TANDEM_EXAMPLE_TANDEM_GET_NETWORK_HPP

#include <tandem/http/options.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// Shows this certificate to servers that ask for one; its key may be in the same file. What the client's constructor
/// then throws names the file.
void show_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key,
                      tandem::http::client_options& to);

/// Those of a network interface, or the address that it is. Throws `std::invalid_argument`.
std::vector<boost::asio::ip::address> local_addresses(const std::string& interface_or_address);

#endif
