#ifndef TANDEM_TEST_TANDEM_GET_NGINX_FIXTURE_HPP
#define TANDEM_TEST_TANDEM_GET_NGINX_FIXTURE_HPP

#include "tandem_get/hostile.hpp"
#include "tandem_get/sandbox.hpp"
#include "tandem_get/the_authority.hpp"
#include "tandem_get/web_server.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

inline constexpr const char* nginx_servers = R"(
    map $http_x_rate $rate { default 0; "~^[0-9]+[km]$" $http_x_rate; }
    limit_req_zone $binary_remote_addr zone=requests:1m rate=40r/s;
    server {
        listen PLAIN;
        limit_rate $rate;
        location /old/ { rewrite ^/old/(.*)$ /many/$1 permanent; }
        location /older/ { rewrite ^/older/(.*)$ /old/$1 redirect; }
        location /secure/ { return 307 https://SECURE/many/; }
        location /loop/ { return 302 /loop/again; }
        location /limited/ { alias FOLDER/www/many/; limit_req zone=requests; }
        location /limited429/ { alias FOLDER/www/many/; limit_req zone=requests; limit_req_status 429; }
        location /refused/ { add_header Retry-After 1 always; return 429; }
        location /unavailable/ { return 503; }
        location /zipped/ { alias FOLDER/www/text/; gzip on; gzip_types *; gzip_min_length 1; }
    }
    server {
        listen SECURE ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        location /plain/ { return 302 http://PLAIN/many/; }
    }
    server {
        listen OTHER;
        keepalive_requests 3;
        keepalive_timeout 20ms;
    }
)";

/// The bytes of the n-th of many small files.
inline std::string small(int n)
{
    return std::to_string(n) + noise(static_cast<std::size_t>(n % 83) * 37);
}

struct nginx_fixture
{
    nginx_fixture() : folder(prepare(box)), server(folder, nginx_servers) {}

    static fs::path prepare(const sandbox& of)
    {
        const fs::path result = of.own() / "nginx";
        fs::create_directories(result / "www");
        the_authority().write_server("IP:127.0.0.1", result / "server.pem", result / "server.key");
        return result;
    }

    void make_many(int count) const
    {
        fs::create_directories(server.www() / "many");
        for (int i = 0; i != count; ++i) {
            write_file(server.www() / "many" / std::to_string(i), small(i));
        }
    }

    static tree many(int count)
    {
        tree result;
        for (int i = 0; i != count; ++i) {
            result.emplace(std::to_string(i), small(i));
        }
        return result;
    }

    /// url(0), url(1), ...
    static std::string lines(int count, const std::function<std::string(int)>& url)
    {
        std::string result;
        for (int i = 0; i != count; ++i) {
            result += url(i) + '\n';
        }
        return result;
    }

    ended get_list(const std::string& list, std::vector<std::string> options = {}) const
    {
        write_file(box.own() / "list", list);
        options.insert(options.end(), {"-i", (box.own() / "list").string()});
        return box.get(options);
    }

    /// Starts it, and returns once there are `size` bytes in `name`.
    std::unique_ptr<process> start_until(const std::vector<std::string>& arguments, const std::string& name,
                                         std::size_t size) const
    {
        auto result = std::make_unique<process>(box.command(arguments), box.place());
        const auto until = std::chrono::steady_clock::now() + 60s;
        std::error_code none;
        while (!fs::exists(box.files() / name, none) || fs::file_size(box.files() / name, none) < size) {
            BOOST_TEST_REQUIRE((result->running() && std::chrono::steady_clock::now() < until),
                               "no " << name << " of " << size << " bytes; " << result->err());
            std::this_thread::sleep_for(1ms);
        }
        return result;
    }

    std::size_t logged(const std::string& what) const
    {
        // nginx writes its line once the request is over, which may be after the client has all.
        std::this_thread::sleep_for(100ms);
        const std::string log = server.log();
        std::size_t count = 0;
        for (std::size_t at = 0; (at = log.find(what, at)) != log.npos; at += what.size()) {
            ++count;
        }
        return count;
    }

    sandbox box{};
    fs::path folder;
    web_server server;
};

} // namespace test

#endif
