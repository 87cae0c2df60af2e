// A whole download of what a server answers, up to the file and its name. An input is: a byte of options, the answers
// to the first requests, with "\n====\n" between them; whatever is asked after the last finds the connection closed, as
// does whoever waits for more than an answer is.
#include "memory.hpp"
#include "target.hpp"

#include "http/client_state.hpp"
#include "http/connection/connection_pool.hpp"
#include "http/download/download.hpp"
#include "http/file/resume_record.hpp"
#include "http/transfer.hpp"

#include <tandem/http/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace http = tandem::http;
using asio::local::stream_protocol;

namespace tandem::fuzz {
namespace {

constexpr std::uint64_t max_body = 1024 * 1024;
constexpr std::uint64_t part_size = 300'000;
constexpr std::uint64_t part_total = part_size + 100;
constexpr const char* url = "http://server.invalid/folder/file.txt?query";
constexpr std::string_view between = "\n====\n";

/// Every request goes to this proxy, so that no name is looked up, and nobody is at its port but who is put there.
const http::origin proxy{false, "127.0.0.1", 1};

struct choice
{
    bool compressed = false;
    bool content_disposition = false;
    bool resume = false; ///< there is a .part
    bool existing = false;
    http::existing_file policy = http::existing_file::replace;
    bool in_pieces = false; ///< answers come in at most 512, small ones byte by byte
};

choice choose(std::uint8_t byte)
{
    using enum http::existing_file;
    constexpr http::existing_file policies[] = {replace, rename, fail, skip_if_same};
    return {(byte & 1) != 0, (byte & 2) != 0, (byte & 4) != 0, (byte & 8) != 0, policies[byte >> 4 & 3], (byte & 64) != 0};
}

std::deque<std::string> split(std::string_view text)
{
    std::deque<std::string> result;
    for (std::size_t end = 0; (end = text.find(between)) != text.npos; text.remove_prefix(end + between.size()))
        result.emplace_back(text.substr(0, end));
    result.emplace_back(text);
    return result;
}

asio::awaitable<void> answer(stream_protocol::socket& client, std::deque<std::string>& answers, bool in_pieces)
{
    char request[8192];
    boost::system::error_code error;
    while (co_await client.async_read_some(asio::buffer(request), asio::redirect_error(asio::use_awaitable, error)) !=
           0) {
        if (!answers.empty()) {
            const std::string bytes = std::move(answers.front());
            answers.pop_front();
            const std::size_t most = in_pieces ? 1 + bytes.size() / 512 : bytes.size();
            for (std::size_t sent = 0; sent != bytes.size() && !error;) {
                sent += co_await asio::async_write(client, asio::buffer(bytes.data() + sent, std::min(most, bytes.size() - sent)),
                                                   asio::redirect_error(asio::use_awaitable, error));
                for (int turns = 0; in_pieces && turns != 4; ++turns) // so that it is read before the next one is there
                    co_await asio::post(client.get_executor(), asio::use_awaitable);
            }
        }
        if (answers.empty())
            client.shutdown(stream_protocol::socket::shutdown_send, error);
    }
}

/// Kept connections, as if they had been made, with the answers behind them. `servers` are their other ends.
asio::awaitable<void> connect(http::connection_pool& pool, http::transfer& by, std::deque<std::string>& answers, bool in_pieces,
                              std::list<stream_protocol::socket>& servers)
{
    const http::route to_proxy{proxy, std::nullopt}; // by name: gcc 12 copies a temporary argument bit by bit
    std::vector<http::connection_pool::lease> made;
    for (int i = 0; i != 3; ++i) {
        int ends[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "there is a pair of sockets");
        http::connection_pool::lease one = co_await pool.acquire(by, to_proxy);
        one->socket().assign(asio::ip::tcp::v4(), ends[0]);
        one->socket().non_blocking(true);
        one->connected = true;
        made.push_back(std::move(one));
        servers.emplace_back(by.get_executor(), stream_protocol(), ends[1]);
        asio::co_spawn(by.get_executor(), answer(servers.back(), answers, in_pieces), asio::detached);
    }
    for (http::connection_pool::lease& one : made)
        one.give_back();
}

std::string content(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, std::string_view bytes)
{
    std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

const std::string& old_bytes()
{
    static const std::string bytes(part_size, 'o');
    return bytes;
}

void leave_part(const fs::path& target)
{
    const fs::path part = target.string() + ".part";
    write(part, old_bytes());
    struct stat status;
    check(::stat(part.c_str(), &status) == 0, "the .part is there");
    const http::open_folder folder(target.parent_path().string());
    http::record_file(folder, target.filename().string())
        .write({.url = url,
                .validator = "\"one\"",
                .total = part_total,
                .good = part_total,
                .inode = status.st_ino,
                .boot = http::current_boot()});
}

/// A folder that only this process knows, in memory where the system has such.
struct place
{
    place()
        : outer((fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                ("tandem-fuzz-" + std::to_string(::getpid()))),
          folder(outer / "folder")
    {
        fs::create_directories(folder);
    }
    ~place()
    {
        std::error_code ignored;
        fs::remove_all(outer, ignored);
    }

    void clear() const
    {
        for (const fs::directory_entry& entry : fs::directory_iterator(folder))
            fs::remove_all(entry);
    }

    const fs::path outer;
    const fs::path folder;
};

bool is_plain(std::string_view text)
{
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void check_name(const std::string& name)
{
    check(!name.empty() && !name.starts_with('.'), "the name is one, and shows");
    check(!name.ends_with(".part") && !name.ends_with(".part.from"), "the name is none of the downloader's own");
    check(name.find_first_of("/\\") == name.npos && is_plain(name), "the name is safe");
    check(name.size() <= 250, "the name is short");
}

void check_report(const http::download_report& report, const choice& with, const fs::path& folder)
{
    check(report.path.parent_path() == folder, "the file is in the folder");
    check_name(report.path.filename().string());
    check(report.skipped || report.status / 100 == 2, "the status delivers a file");
    check(report.skipped || report.bytes <= max_body, "the file is within the limit");
    const std::string bytes = content(report.path);
    check(bytes.size() == report.bytes, "the report tells the file's size");
    if (report.resumed_at != 0) {
        check(with.resume && report.resumed_at <= part_size, "what was gone on with was there");
        check(bytes.size() == part_total, "a file that was gone on with has the size that it had");
        check(std::string_view(bytes).substr(0, report.resumed_at) == old_bytes().substr(0, report.resumed_at),
              "a file that was gone on with begins as it did");
    }
}

void check_folder(const place& in, const choice& with, const http::download_report* report, const std::string& old)
{
    check(std::distance(fs::directory_iterator(in.outer), {}) == 1, "nothing is outside the folder");
    for (const fs::directory_entry& entry : fs::directory_iterator(in.folder)) {
        const std::string name = entry.path().filename().string();
        check(entry.is_regular_file() && !entry.is_symlink(), "there are only files");
        if (report && entry.path() == report->path)
            continue;
        if (with.existing && entry.path().filename() == "file.txt")
            check(content(entry.path()) == old, "what was there before is as it was");
        else
            check(name.ends_with(".part") || name.ends_with(".part.from"), "nothing else is left");
    }
}

void check_error(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const http::download_error& e) {
        check(is_plain(e.what()), "what is said is fit for a terminal");
        check(is_plain(e.url()) && !e.url().empty(), "the error has a URL");
        check(e.code().failed(), "the error has a code");
    }
}

void download_from(std::string_view input, const choice& with, const place& in)
{
    const std::string old = "from before";
    in.clear();
    const fs::path target = in.folder / "file.txt";
    if (with.existing)
        write(target, old);
    if (with.resume)
        leave_part(target);

    http::download_options options;
    options.max_body_size = max_body;
    options.retry.retries = 0;
    options.max_redirects = 5;
    options.total_timeout = std::chrono::seconds(20);
    options.compressed = with.compressed;
    options.content_disposition = with.content_disposition;
    options.existing = with.policy;

    http::client_options connections;
    connections.proxy.http = connections.proxy.https = "http://127.0.0.1:1";
    connections.max_header_size = 4096;

    std::deque<std::string> answers = split(input);
    http::outcome<http::download_report> result;
    bool ended = false;
    {
        asio::io_context context(1);
        std::list<stream_protocol::socket> servers;
        http::detail::client_state client(context.get_executor(), connections);
        const auto by = std::make_shared<http::transfer>(context.get_executor());
        asio::co_spawn(
            by->get_executor(),
            [&]() -> asio::awaitable<void> {
                co_await connect(*client.pool, *by, answers, with.in_pieces, servers);
                http::detail::download_request what{
                    url, with.content_disposition ? in.folder : target, std::make_shared<const http::download_options>(options)};
                result = co_await http::download(client, *by, std::move(what));
                by->end();
                ended = true;
                context.stop();
            },
            asio::detached);
        while (!ended) {
            // Where both sides wait, an answer was not a whole one.
            if (context.poll() == 0) {
                for (stream_protocol::socket& one : servers) {
                    boost::system::error_code ignored;
                    one.shutdown(stream_protocol::socket::shutdown_send, ignored);
                }
                context.run_one();
            }
        }
    }
    check(ended, "the download ends");
    if (result.error)
        check_error(result.error);
    else
        check_report(result.value, with, in.folder);
    check_folder(in, with, result.error ? nullptr : &result.value, old);
}

} // namespace
} // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace tandem::fuzz;
    static const place in;
    if (size != 0) {
        const memory_meter meter;
        download_from({reinterpret_cast<const char*>(data + 1), size - 1}, choose(data[0]), in);
        check(meter.peak() < 8 * 1024 * 1024, "a download takes little memory");
    }
    return 0;
}
