#include "tandem_get/hostile.hpp"

#include "tandem_get/the_authority.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>

namespace test {

std::ostream& operator<<(std::ostream& out, const row& r)
{
    return out << r.name;
}

void check_row(const row& r)
{
    BOOST_TEST_MESSAGE(r.name);
    std::optional<boost::asio::ssl::context> tls;
    if (r.tls) {
        tls.emplace(r.tls());
    }
    const sandbox box;
    const scripted_server server(r.server, tls ? &*tls : nullptr);
    const std::string url = server.url(r.path);
    std::vector<std::string> arguments = r.options;
    arguments.push_back(url);
    std::vector<std::string> phrases = r.says;
    if (r.status != 0) {
        phrases.push_back(server.url("")); // what comes after it may be written in another way
    }
    box.check_ended(box.get(arguments), r.status, phrases);
    box.check_there(r.files);
}

std::string answer(const std::string& fields, const std::string& rest)
{
    return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + rest;
}

std::string complete(const std::string& body, const std::string& fields)
{
    return ok(body, fields);
}

std::string chunked(const std::string& rest)
{
    return answer("Transfer-Encoding: chunked\r\n", rest);
}

scripted_server::script answer_and_stall(std::string bytes)
{
    return [bytes = std::move(bytes)](peer& client) {
        client.read_request();
        client.send(bytes);
        client.wait_for_end();
    };
}

scripted_server::script answer_endlessly(std::string begin, std::string piece, std::size_t most)
{
    std::string block;
    while (block.size() < 64 * 1024) {
        block += piece;
    }
    return [begin = std::move(begin), block = std::move(block), most](peer& client) {
        client.read_request();
        client.send(begin);
        for (std::size_t sent = 0; sent < most && client.send(block); sent += block.size()) {
        }
    };
}

scripted_server::script answer_in_turn(std::vector<std::string> answers)
{
    auto next = std::make_shared<std::atomic<std::size_t>>(0);
    return [answers = std::move(answers), next](peer& client) {
        while (!client.read_request().empty()) {
            const std::string& now = answers[std::min((*next)++, answers.size() - 1)];
            if (now.empty() || !client.send(now)) {
                return;
            }
        }
    };
}

boost::asio::ssl::context trusted()
{
    return the_authority().server("IP:127.0.0.1");
}

} // namespace test
