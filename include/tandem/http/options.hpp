#ifndef TANDEM_HTTP_OPTIONS_HPP
#define TANDEM_HTTP_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace tandem::http {

/// What holds for a client. Bounds are checked by its constructor, which throws `std::invalid_argument`.
struct client_options
{
    /// Connections to one origin (scheme, host and port), idle ones included. At least 1.
    std::size_t max_connections_per_host = 8;

    /// Connections in all, idle ones included. At least 1. A download that finds none free waits its turn.
    std::size_t max_connections = 64;

    /// How long a kept connection may be idle and still be used again. Zero keeps none. It is looked at when the client
    /// is next used, not by a timer, so an idle client holds no context's `run()` open.
    std::chrono::milliseconds idle_connection_timeout = std::chrono::seconds(30);

    /// For name resolution, connect and TLS handshake together. More than zero.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);

    /// A file of PEM certificates to trust in place of the system's store. Empty: the system's store. Certificates and
    /// host names are always verified.
    std::filesystem::path ca_file{};

    /// Bytes of a response's header. From 1 KiB to 16 MiB.
    std::uint32_t max_header_size = 64 * 1024;

    /// The User-Agent field; left out where empty. No control characters.
    std::string user_agent = "tandem";
};

/// What holds for one download.
struct download_options
{
    /// The longest time with no byte from the server once connected. More than zero.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);

    /// From the start, waiting for a connection included, to the file under its final name. Zero: no limit.
    std::chrono::milliseconds total_timeout = std::chrono::milliseconds(0);

    /// Redirects followed before giving up. Zero follows none.
    unsigned max_redirects = 20;

    /// The largest body accepted, in bytes.
    std::uint64_t max_body_size = UINT64_MAX;

    /// Ask the system to put the file on the disk (fsync) before it gets its final name.
    bool sync = false;
};

/// What a complete download was.
struct download_report
{
    std::string url{};                             ///< where the file came from, after redirects
    unsigned status = 0;                           ///< of the last response, 2xx
    std::uint64_t bytes = 0;                       ///< of the file
    unsigned redirects = 0;                        ///< followed
    bool reused_connection = false;                ///< the last response came over a kept connection
    std::chrono::steady_clock::duration elapsed{}; ///< from the start to the final name
};

} // namespace tandem::http

#endif
