// The first program of the tutorial that downloads.

#include <tandem/http.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

namespace asio = boost::asio;
namespace http = tandem::http;

asio::awaitable<void> download(http::downloader downloads, std::string url, std::filesystem::path target)
{
    http::download_options options; // with a name, and no braces in the co_await expression: see the pitfalls
    options.existing = http::existing_file::fail;
    options.retry.retries = 1;
    const http::download_report report = co_await downloads.async_download(url, target, options);
    std::cout << report.path << ": " << report.bytes << " bytes\n";
}

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::cerr << "usage: first_download URL FILE\n";
        return 2;
    }
    asio::io_context context; // the only thread is this one
    int status = 0;
    asio::co_spawn(context, download(http::downloader{context}, argv[1], argv[2]), [&](std::exception_ptr error) {
        try {
            if (error) {
                std::rethrow_exception(error);
            }
        } catch (const http::download_error& failed) {
            std::cerr << failed.what() << '\n'; // names the URL and the cause
            status = 1;
        }
    });
    context.run();
    return status;
}
