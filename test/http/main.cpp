#define BOOST_TEST_MODULE http
#include <tandem/http/downloader.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <string_view>

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

} // namespace

int main(int argc, char** argv)
{
    if (argc == 4 && std::string_view(argv[1]) == "--download") {
        return download(argv[2], argv[3]);
    }
    return boost::unit_test::unit_test_main(init_unit_test, argc, argv);
}
