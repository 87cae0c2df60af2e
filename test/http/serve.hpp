#ifndef TANDEM_TEST_HTTP_SERVE_HPP
#define TANDEM_TEST_HTTP_SERVE_HPP

#include "http/scripted_server.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

/// The value of a field of a request; empty where there is none.
inline std::string field_of(const std::string& request, const std::string& name)
{
    const std::size_t at = request.find("\r\n" + name + ": ");
    if (at == request.npos) {
        return {};
    }
    const std::size_t begin = at + name.size() + 4;
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

/// The first and the last byte that a request's Range asks for; `size` is the file's.
inline std::optional<std::pair<std::size_t, std::size_t>> range_of(const std::string& request, std::size_t size)
{
    const std::string range = field_of(request, "Range");
    if (range.empty()) {
        return std::nullopt;
    }
    const std::size_t dash = range.find('-');
    const std::string last = range.substr(dash + 1);
    return std::pair(std::stoul(range.substr(6)), last.empty() ? size - 1 : std::stoul(last));
}

/// A 206 for these bytes of `whole`.
inline std::string part_of(std::string_view whole, std::pair<std::size_t, std::size_t> range, const std::string& fields)
{
    const auto [first, last] = range;
    return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(first) + '-' +
           std::to_string(last) + '/' + std::to_string(whole.size()) + "\r\n" + fields +
           "Content-Length: " + std::to_string(last - first + 1) + "\r\n\r\n" +
           std::string(whole.substr(first, last - first + 1));
}

/// The requests that a server has seen.
class request_log
{
public:
    std::size_t add(const std::string& request)
    {
        std::lock_guard guard(mutex_);
        seen_.push_back(request);
        return seen_.size();
    }

    void clear()
    {
        std::lock_guard guard(mutex_);
        seen_.clear();
    }

    std::vector<std::string> all() const
    {
        std::lock_guard guard(mutex_);
        return seen_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> seen_;
};

/// "HTTP/1.1 200 OK" that promises all of `whole` and breaks off after `sent` bytes.
inline std::string broken_off(const std::string& whole, std::size_t sent, const std::string& fields)
{
    return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(whole.size()) + "\r\n\r\n" +
           whole.substr(0, sent);
}

} // namespace test

#endif
