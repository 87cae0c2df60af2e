#define BOOST_TEST_MODULE http
#include <tandem/http/downloader.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <string_view>

#include <unistd.h>

namespace {

/// A download of its own, for a test that kills it.
int download(const char* url, const char* target)
{
    boost::asio::io_context context;
    tandem::http::downloader(context).async_download(url, target,
                                                     [](const std::exception_ptr&, tandem::http::download_report) {});
    context.run();
    return 0;
}

/// The same of a program that has no standard streams, and prints all the time.
int print_beside_download(const char* url, const char* target)
{
    boost::asio::io_context context;
    const boost::asio::steady_timer reactor(context); // has what descriptors it needs
    for (const int number : {0, 1, 2}) {
        ::close(number);
    }
    bool failed = true;
    tandem::http::downloader(context).async_download(
        url, target, [&failed](const std::exception_ptr& error, tandem::http::download_report) { failed = bool(error); });
    while (context.run_one() != 0) {
        for (const int number : {0, 1, 2}) {
            static_cast<void>(::write(number, "printed", 7) == 0);
        }
    }
    return failed ? 1 : 0;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc == 4 && std::string_view(argv[1]) == "--download") {
        return download(argv[2], argv[3]);
    }
    if (argc == 4 && std::string_view(argv[1]) == "--print-beside-download") {
        return print_beside_download(argv[2], argv[3]);
    }
    return boost::unit_test::unit_test_main(init_unit_test, argc, argv);
}
