#ifndef TANDEM_TEST_TANDEM_GET_HOSTILE_HPP
#define TANDEM_TEST_TANDEM_GET_HOSTILE_HPP

#include "http/scripted_server.hpp"
#include "tandem_get/sandbox.hpp"

#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace test {

/// One hostile server, what tandem-get is asked for, and all that may come of it.
struct row
{
    std::string name;
    scripted_server::script server; ///< each connection's
    int status = 1;
    tree files{};                    ///< that are there in the end
    std::vector<std::string> says{}; ///< on stderr; where `status` is not 0 it names the URL as well
    std::vector<std::string> options{};
    std::string path = "/file";
    std::function<boost::asio::ssl::context()> tls{}; ///< plain where empty
};

std::ostream& operator<<(std::ostream& out, const row& r);

void check_row(const row& r);

/// "HTTP/1.1 200 OK", `fields`, the empty line, `rest`. Each of `fields` ends in CR LF.
std::string answer(const std::string& fields, const std::string& rest);

/// The same, with a length.
std::string complete(const std::string& body, const std::string& fields = {});

/// "Transfer-Encoding: chunked" and `rest`.
std::string chunked(const std::string& rest);

/// Sends `bytes` and stays silent until the client gives up.
scripted_server::script answer_and_stall(std::string bytes);

/// After `begin`, `piece` again and again, `most` bytes in all: more than anybody may want to keep.
scripted_server::script answer_endlessly(std::string begin, std::string piece, std::size_t most = 256 * 1024 * 1024);

/// Answers with each of `answers` in turn, the last one over and over, whatever the connection; "" is a connection that
/// is closed unanswered.
scripted_server::script answer_in_turn(std::vector<std::string> answers);

/// For 127.0.0.1, by the authority that tandem-get is told to trust.
boost::asio::ssl::context trusted();

} // namespace test

#endif
