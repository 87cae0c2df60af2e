#include "http/net/asked.hpp"
#include "support/preconditions.hpp"

#include <boost/asio/io_context.hpp>

#include <sys/wait.h>
#include <unistd.h>

namespace asio = boost::asio;

BOOST_AUTO_TEST_SUITE(forks)

namespace {

std::string body_of(asio::io_context& context, const tandem::http::client& client, const std::string& url)
{
    std::string result;
    client.async_get(url, [&](std::exception_ptr error, tandem::http::response answer) {
        result = error ? "failed" : answer.body + (answer.reused_connection ? ", again" : "");
    });
    context.restart();
    context.run_for(std::chrono::seconds(20));
    return result;
}

} // namespace

BOOST_AUTO_TEST_CASE(leave_kept_connections_to_the_parent, *test::unsanitized())
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const std::string url = server.url("/");
    asio::io_context context;
    const tandem::http::client client(context);
    BOOST_TEST(body_of(context, client, url) == "hello");
    context.notify_fork(asio::execution_context::fork_prepare);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);
        context.notify_fork(asio::execution_context::fork_child);
        ::_exit(body_of(context, client, url) == "hello" && body_of(context, client, url) == "hello, again" ? 0 : 1);
    }
    context.notify_fork(asio::execution_context::fork_parent);
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST(status == 0);
    BOOST_TEST(body_of(context, client, url) == "hello, again");
    BOOST_TEST(server.connections() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
