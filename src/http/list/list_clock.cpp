#include "http/list/list_clock.hpp"

#include "http/file/descriptor.hpp"
#include "http/file/final_name.hpp"

#include <string>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

namespace asio = boost::asio;

namespace tandem::http {
namespace {

/// A clock that goes in steps of seconds is not waited for: a file of the same second then counts as written after it.
constexpr int wait_at_most = 50;

descriptor make_probe(const std::filesystem::path& folder)
{
    std::string name = (folder / ".tandem-XXXXXX").string();
    descriptor result(::mkostemp(name.data(), O_CLOEXEC));
    if (result) {
        ::unlink(name.c_str());
    }
    return result;
}

std::optional<std::filesystem::file_time_type> touch(const descriptor& probe)
{
    struct stat status
    {
    };
    if (::futimens(probe.get(), nullptr) != 0 || ::fstat(probe.get(), &status) != 0) {
        return std::nullopt;
    }
    return last_change(status);
}

} // namespace

asio::awaitable<std::optional<std::filesystem::file_time_type>> next_file_time(transfer& by,
                                                                               std::filesystem::path folder)
{
    const descriptor probe = make_probe(folder);
    if (!probe) {
        co_return std::nullopt;
    }
    const auto before = touch(probe);
    auto now = before;
    for (int i = 0; i != wait_at_most && now == before; ++i) {
        co_await by.pause_until(transfer::clock::now() + std::chrono::milliseconds(1));
        now = touch(probe);
    }
    co_return now;
}

} // namespace tandem::http
