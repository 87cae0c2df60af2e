#ifndef TANDEM_HTTP_OPTIONS_HPP
#define TANDEM_HTTP_OPTIONS_HPP

#include <tandem/http/checksum.hpp>
#include <tandem/http/progress.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio::ssl {

class context;

} // namespace boost::asio::ssl

namespace tandem::http {

/// One field of a request or a response.
struct header_field
{
    std::string name{};
    std::string value{};

    bool operator==(const header_field&) const = default;
};

/// A user name and a password, for Basic authentication.
struct credentials
{
    std::string user{};
    std::string password{};
};

/// Through which proxies requests go. A proxy is "[SCHEME://][user:password@]host[:port]", and SCHEME one of
/// - http (where none is given): asked for http URLs itself, and for a tunnel to https URLs (CONNECT); port 80;
/// - https: the same over TLS, its certificate verified as a server's; port 443;
/// - socks5: connects to the addresses that it is told; port 1080;
/// - socks5h: connects to the names that it is told, and looks them up itself; port 1080.
///
/// What is none of these fails the requests that would go through it, with `errc::invalid_option`, and no others: what the
/// environment says is not said to one program.
struct proxy_options
{
    std::string http{};  ///< for http URLs; empty: none
    std::string https{}; ///< for https URLs; empty: none
    std::string
        no_proxy{}; ///< hosts reached without, as in the variable NO_PROXY: "localhost,.example.org,10.0.0.0/8" or "*"

    /// `http_proxy`, `https_proxy` and `no_proxy`, else the same in capitals, but for HTTP_PROXY, which a CGI request
    /// could set; `all_proxy` for what is not given.
    static proxy_options from_environment();

    /// Throws `std::invalid_argument` where `http` or `https` is no proxy, for who wants to know before the first request.
    void validate() const;
};

/// Takes what a `host_resolver` found. May be called from any thread, also within the resolver; once, or never: then the
/// time for the connection runs out. Calls after that, and after the end of the context, do nothing.
using resolved_handler = std::function<void(const boost::system::error_code&, std::vector<boost::asio::ip::address>)>;

/// Finds the addresses of a host, a name in lower case and ASCII. Called on a thread of the client's executor, also by
/// several of them at once, so it must not wait; for each connection anew. An exception is the same as an error that
/// `done` is told: a `boost::system::system_error` or `std::system_error` with its code, any other with its text and
/// `asio::error::host_not_found`. But `std::bad_alloc` is the operation's error as it is.
using host_resolver = std::function<void(const std::string& host, resolved_handler done)>;

/// What holds for a client. Bounds are checked by its constructor, which throws `std::invalid_argument`.
struct client_options
{
    /// Connections to one origin (scheme, host and port), idle ones included. At least 1.
    std::size_t max_connections_per_host = 8;

    /// Connections in all, idle ones included. At least 1. A download that finds none free waits its turn.
    std::size_t max_connections = 64;

    /// How long a kept connection may be idle and still be used again. Zero keeps none, `milliseconds::max()` all. It is looked at when the client
    /// is next used, not by a timer, so an idle client holds no context's `run()` open.
    std::chrono::milliseconds idle_connection_timeout = std::chrono::seconds(30);

    /// For name resolution, connect and TLS handshake together, a proxy's included. Zero, or `milliseconds::max()`: no
    /// limit.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);

    /// How long one address of a host is tried alone before the next one is tried beside it (RFC 8305, section 5, which
    /// recommends this value). More than zero; `milliseconds::max()`: until it has failed.
    std::chrono::milliseconds connection_attempt_delay = std::chrono::milliseconds(250);

    /// A file of PEM certificates to trust in place of the system's store. Empty: the system's store. Certificates and
    /// host names are always verified.
    std::filesystem::path ca_file{};

    /// Bytes of a response's header, interim responses included. From 1 KiB to 16 MiB.
    std::uint32_t max_header_size = 64 * 1024;

    /// Bytes a second of all bodies together. Zero: no limit.
    std::uint64_t max_rate = 0;

    /// The User-Agent field; left out where empty. No control characters.
    std::string user_agent = "tandem";

    /// Called once, by the client's constructor, with the TLS settings of all of its connections: TLS 1.2 at least,
    /// certificates verified, by `ca_file` or the system's store, sessions resumed. Asio's members of it give a client's
    /// certificate, further authorities, a verify callback; OpenSSL's functions on its `native_handle` all else: ALPN,
    /// ciphers, another store. What it throws, the constructor throws.
    ///
    /// A verify callback must not throw. It may be called by several threads at once, and is not called for a session
    /// that is resumed (`SSL_CTX_set_session_cache_mode` with `SSL_SESS_CACHE_OFF`: none is). Proxies are not shown
    /// the client's certificate.
    std::function<void(boost::asio::ssl::context&)> configure_tls{};

    /// Where downloads wait for the disk, as `download_options::sync` asks for (fsync): on the threads of this
    /// executor, so that all else goes on meanwhile. One thread is enough; it must run for as long as downloads do: one
    /// whose work it drops fails with operation_aborted. Nothing: on the client's executor. A context of the client's
    /// that is destroyed meanwhile does not wait for it: that work goes on by itself, on what it owns, and nothing is
    /// resumed. Other work with files (opening, writing, renaming) is the client's executor's in any case.
    std::optional<boost::asio::any_io_executor> file_executor{};

    proxy_options proxy{};

    /// In place of the system's look-ups. Not asked for addresses, nor for names that a proxy looks up.
    host_resolver resolver{};

    /// Where connections come from: one address for each family that is to be used, in any order. Others of a host's
    /// addresses are not tried. Empty: the system chooses.
    std::vector<boost::asio::ip::address> local_addresses{};

    /// A Unix domain socket to connect to, whatever host a URL names, which is then not looked up, and without proxies.
    /// All else is as ever: the URL's host is in the request, and in the certificate that is asked for.
    std::filesystem::path unix_socket{};

    /// A file of logins, in the format of ~/.netrc. Empty: none is read. Credentials that a URL or an option gives
    /// count first; for a user whose password a URL does not give ("https://user@host/"), that user's. Only for the host
    /// that a login names, so not after a redirect to another one; nor does the default go to a host that a redirect names.
    std::filesystem::path netrc_file{};
};

/// What is done with a body that the server says is encoded (Content-Encoding), and that is not decoded: any where
/// `transfer_options::compressed` is not set, any but gzip where it is.
enum class encoded_body
{
    keep,  ///< it is taken as it came; the report, or the response, says in which encoding
    refuse ///< `errc::unexpected_encoding`
};

/// What holds for one request and its answer. As a time limit, zero and `milliseconds::max()` are both none; a negative
/// one is `errc::invalid_option`.
struct transfer_options
{
    /// The longest time with no byte from the server once connected, of a header or an interim answer too, and with
    /// none that it takes while a request's body is sent. Zero: no limit. Time in which this process was stopped, or
    /// its executor kept busy, does not count if it is more than a second.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);

    /// From the start to the end, all redirects, retries and the pauses between them included. It does not run while
    /// the operation waits in line because as many connections are in use as `client_options` allows: a file's time
    /// does not go by while it has its turn yet to come. Zero: no limit.
    std::chrono::milliseconds total_timeout = std::chrono::milliseconds(0);

    /// The fewest bytes a second of a body, on the average of each `min_rate_period`. Zero, or a period of zero: no
    /// limit. Time that `client_options::max_rate` takes does not count, nor what idle_timeout does not count. Of a file
    /// in segments, all of its connections together must bring so many: each of them alone may be slower.
    std::uint64_t min_rate = 0;
    std::chrono::milliseconds min_rate_period = std::chrono::seconds(30);

    /// Redirects followed before giving up. Zero follows none.
    unsigned max_redirects = 20;

    /// The largest body accepted, in bytes, before decoding and after it.
    std::uint64_t max_body_size = UINT64_MAX;

    /// Only https URLs, also in redirects.
    bool https_only = false;

    /// Ask for gzip, and decode it; but not of a download whose name says that the file is gzip itself, such as
    /// "a.tar.gz". See also `max_decoded_ratio`.
    bool compressed = false;

    encoded_body encoded = encoded_body::keep;

    /// The most bytes that decoding may make of one received byte, beyond the first MiB: more is taken for an attack.
    /// (deflate can reach 1,032; text seldom exceeds 20.)
    unsigned max_decoded_ratio = 200;

    /// Fields to be sent as well. Host, Connection, Content-Length, Transfer-Encoding, Range, If-Range and
    /// Accept-Encoding are the client's own. Authorization and Cookie are not sent on to another origin. A proxy's login
    /// is in its URL (`proxy_options`), Proxy-Authorization is refused.
    std::vector<header_field> headers{};

    /// Sent to the URL's own origin. Those in the URL count first.
    std::optional<credentials> login{};
};

/// When and how often a download is tried again. Tried again are: no connection, a time-out, a connection that ended
/// too early, 202, 408, 429, 500, 502, 503 and 504. What will not get better (404, a certificate, a full disk) is not.
struct retry_options
{
    /// Tries after the first one. After a try that has brought at least 1 MiB of the file that the next one can go on
    /// from, they are counted from the beginning: a long download is not lost to a line that fails now and then. Of a
    /// file in segments, connections that fail side by side are one try.
    unsigned retries = 5;

    /// Before the first of them; each further one waits twice as long, up to `max_delay`. The actual time is drawn at
    /// random between half of that and all of it, so that many clients do not come back at once. A delay of zero, or
    /// less: at once. A `max_delay` of `milliseconds::max()`: it grows without bound.
    std::chrono::milliseconds first_delay = std::chrono::seconds(1);
    std::chrono::milliseconds max_delay = std::chrono::seconds(60);

    /// The longest Retry-After that is waited for; a server that asks for more fails the download, and is asked for no
    /// further part of the file. Zero: no pause that a server asks for is waited for. `milliseconds::max()`: each is.
    /// 429 and 503 make all downloads from that origin wait.
    std::chrono::milliseconds max_retry_after = std::chrono::minutes(5);
};

/// What happens where a file has the target's name already.
enum class existing_file
{
    fail,        ///< `errc::target_exists`, before anything is asked for where that is known
    rename,      ///< the new one becomes "name-2.txt", or the next number that is free
    replace,     ///< the new one takes its place in one step, once complete
    skip_if_same ///< stays where it has the expected checksum, else the server's size and time; any other is replaced
};

/// What holds for one download.
struct download_options : transfer_options
{
    retry_options retry{};

    existing_file existing = existing_file::replace; ///< tandem-get's own default is fail

    /// A file that is there must not have been written since then, else `errc::target_written_meanwhile`, whatever
    /// `existing` says but rename: so that two URLs of one run with one name do not overwrite each other. By the file
    /// system's clock.
    std::optional<std::filesystem::file_time_type> not_written_since{};

    /// Take up what an earlier, interrupted download has left in the .part, where the server confirms by a strong
    /// entity tag, or by a date, that the file is still the same one; and leave it there for the next one when this one
    /// fails.
    bool resume = true;

    /// By a date too: where the server gives no entity tag, and the file was last modified at least a minute before it
    /// answered (RFC 9110, section 13.1.5). Without it, by a strong entity tag alone: for files that are made anew within
    /// one second with their size as it was, or whose dates are set back.
    bool resume_by_date = true;

    /// What the whole file's bytes, as they are on the disk, must have.
    std::optional<checksum> expected{};

    /// Other URLs of the same file: tried in turn, one try each, when the first one has failed: at once where nothing
    /// is there to go on from, else once its retries are used up. After them, what retries are left go to the first
    /// one. None goes on from what another URL has delivered.
    std::vector<std::string> mirrors{};

    /// Parts fetched at once, over a connection each, where the server supports ranges and identifies the file by a
    /// strong entity tag, and there is at least `min_segment_size` for each. One that fails is made up for by the
    /// others; where the server refuses what is left to all of them, it is asked once more, over one. At least 1.
    unsigned segments = 1;
    std::uint64_t min_segment_size = 8 * 1024 * 1024;

    /// The target is a folder; the name is what the response's Content-Disposition says, made safe, else the URL's.
    bool content_disposition = false;

    /// Give the file the time that the server says it was last changed. What `existing_file::skip_if_same` goes by.
    bool keep_time = true;

    /// Ask the system to put the file on the disk (fsync) before it gets its final name, and that name after it. Of a
    /// larger one, each 16 MiB, so that it can be gone on with after a crash of the system, or where the context is
    /// destroyed in the middle.
    bool sync = false;

    /// Told how far it is; see there. Null: nobody is.
    std::shared_ptr<download_progress> progress{};
};

/// Where the time of an operation went, in all of its exchanges, redirects and tries together. Zero where there was
/// none, as over a kept connection. Of a file in segments, that of the first one.
struct transfer_times
{
    std::chrono::steady_clock::duration waiting{};    ///< in line for a connection
    std::chrono::steady_clock::duration look_up{};    ///< of a host's addresses
    std::chrono::steady_clock::duration connect{};    ///< to one of them; a proxy's tunnel included
    std::chrono::steady_clock::duration handshake{};  ///< of TLS
    std::chrono::steady_clock::duration first_byte{}; ///< of the last answer, since its request was begun
};

/// Throws `std::invalid_argument`, which says why, where no download can begin with these options: each would fail with
/// `errc::invalid_option`. For a program that wants to know before it does anything else.
void check_options(const download_options& options);

/// What a complete download was.
struct download_report
{
    std::string url{};              ///< where the file came from, after redirects
    std::filesystem::path path{};   ///< where it is
    unsigned status = 0;            ///< of the last response: 2xx; 0 where none was needed
    std::uint64_t bytes = 0;        ///< of the file
    std::uint64_t received = 0;     ///< bytes of bodies, of all tries
    std::uint64_t resumed_at = 0;   ///< bytes that an earlier download had left
    unsigned redirects = 0;         ///< followed in the last try
    unsigned retries = 0;           ///< tries after the first
    bool reused_connection = false; ///< the last response came over a kept connection
    bool skipped = false;           ///< the file was there, and the same
    bool replaced = false;          ///< another file had its name, and is gone
    transfer_times times{};
    std::optional<std::string> encoding{};         ///< the Content-Encoding that its bytes are in, which nobody decoded
    std::vector<std::string> warnings{};           ///< what its name does not tell, in sentences
    std::chrono::steady_clock::duration elapsed{}; ///< from the start to the final name
};

} // namespace tandem::http

#endif
