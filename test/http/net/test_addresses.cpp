#include "http/connection/happy_eyeballs.hpp"
#include "http/connection/resolver.hpp"
#include "http/net/asked.hpp"
#include "support/own_mounts.hpp"
#include "support/preconditions.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <list>
#include <thread>

#include <sys/socket.h>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(addresses)

namespace {

tcp::endpoint at(const char* address, std::uint16_t port)
{
    return {asio::ip::make_address(address), port};
}

/// Takes no connection: its queue is full, so the system leaves those who come unanswered.
class black_hole
{
public:
    black_hole() : acceptor_(context_)
    {
        acceptor_.open(tcp::v4());
        acceptor_.bind({asio::ip::address_v4::loopback(), 0});
        acceptor_.listen(0);
        for (int i = 0; i < 3; ++i) {
            tcp::socket& one = waiting_.emplace_back(context_);
            one.open(tcp::v4());
            one.native_non_blocking(true);
            const tcp::endpoint to = acceptor_.local_endpoint();
            ::connect(one.native_handle(), to.data(), static_cast<socklen_t>(to.size())); // Asio's would wait
        }
        std::this_thread::sleep_for(50ms);
    }

    tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

private:
    asio::io_context context_{};
    tcp::acceptor acceptor_;
    std::list<tcp::socket> waiting_{};
};

struct result
{
    bool connected = false;
    tcp::endpoint to{};
    error_code error{};
    std::chrono::steady_clock::duration elapsed{};
};

result connect_to(std::vector<tcp::endpoint> to, std::chrono::milliseconds delay, std::chrono::milliseconds limit = 30s,
                  const std::vector<asio::ip::address>& from = {})
{
    asio::io_context context;
    const auto by = std::make_shared<tandem::http::transfer>(context.get_executor());
    result seen;
    const auto run = [&]() -> asio::awaitable<void> {
        const auto start = std::chrono::steady_clock::now();
        by->set_step_deadline(limit, tandem::http::errc::connect_timeout);
        tcp::socket socket = co_await tandem::http::connect_one(*by, context.get_executor(), to, from, delay, seen.error);
        seen.connected = !seen.error && socket.is_open();
        if (seen.connected) {
            seen.to = socket.remote_endpoint();
        }
        seen.elapsed = std::chrono::steady_clock::now() - start;
        by->end();
    };
    auto done = asio::co_spawn(by->get_executor(), run(), asio::use_future);
    context.run();
    done.get();
    return seen;
}

} // namespace

BOOST_AUTO_TEST_CASE(take_turns_by_family)
{
    const auto a = at("::1", 1), b = at("::2", 1), c = at("::3", 1), x = at("1.1.1.1", 1), y = at("1.1.1.2", 1);
    using list = std::vector<tcp::endpoint>;
    BOOST_TEST((tandem::http::interleaved({a, b, c, x, y}) == list{a, x, b, y, c}));
    BOOST_TEST((tandem::http::interleaved({x, a, b}) == list{x, a, b}));
    BOOST_TEST((tandem::http::interleaved({x, y}) == list{x, y}));
    BOOST_TEST((tandem::http::interleaved({a}) == list{a}));
}

BOOST_AUTO_TEST_CASE(that_refuse_are_followed_by_the_next_at_once)
{
    std::uint16_t nobody = 0;
    {
        test::scripted_server gone(test::answer_once(""));
        nobody = gone.port();
    }
    test::scripted_server server(test::answer_once(""));
    const result seen = connect_to({at("127.0.0.1", nobody), at("127.0.0.1", server.port())}, 20s);
    BOOST_TEST(seen.connected, seen.error);
    BOOST_TEST((seen.elapsed < 10s));

    const result none = connect_to({at("127.0.0.1", nobody), at("127.0.0.1", nobody)}, 20s);
    BOOST_TEST((none.error == asio::error::connection_refused), none.error);
    BOOST_TEST((none.elapsed < 10s));
}

// By the last error alone a server that is about to start would not be waited for where localhost has an address that this
// machine does not.
BOOST_AUTO_TEST_CASE(that_refuse_say_more_than_those_that_are_none)
{
    std::uint16_t nobody = 0;
    {
        test::scripted_server gone(test::answer_once(""));
        nobody = gone.port();
    }
    const auto refused = at("127.0.0.1", nobody);
    const auto none = at("fe80::1", nobody); // without the interface that it would be at
    for (const std::vector<tcp::endpoint>& both : {std::vector{refused, none}, std::vector{none, refused}}) {
        const result seen = connect_to(both, 20s);
        BOOST_TEST((seen.error == asio::error::connection_refused), seen.error);
    }
    const result alone = connect_to({none}, 20s);
    BOOST_TEST((alone.error && alone.error != asio::error::connection_refused), alone.error);
}

BOOST_AUTO_TEST_CASE(that_do_not_answer_are_tried_beside_the_next)
{
    const black_hole silent;
    test::scripted_server server(test::answer_once(""));
    const result seen = connect_to({silent.endpoint(), at("127.0.0.1", server.port())}, 50ms);
    BOOST_TEST(seen.connected, seen.error);
    BOOST_TEST(seen.to.port() == server.port());
    BOOST_TEST((seen.elapsed >= 50ms));
    BOOST_TEST((seen.elapsed < 900ms), "the system's own second try of the first came before");
}

BOOST_AUTO_TEST_CASE(that_do_not_answer_are_waited_for_where_the_delay_is_the_longest_of_all)
{
    const black_hole silent;
    test::scripted_server server(test::answer_once(""));
    const result seen =
        connect_to({silent.endpoint(), at("127.0.0.1", server.port())}, std::chrono::milliseconds::max(), 100ms);
    BOOST_TEST(!seen.connected);
    BOOST_TEST(server.connections() == 0);
}

BOOST_AUTO_TEST_CASE(are_connected_to_from_one_of_the_same_family)
{
    test::scripted_server server(test::answer_once(""));
    const tcp::endpoint to = at("127.0.0.1", server.port());
    const auto here = asio::ip::make_address("127.0.0.1");
    const auto six = asio::ip::make_address("::1");
    BOOST_TEST(connect_to({at("::1", 1), to}, 20s, 30s, {here}).connected);
    BOOST_TEST(connect_to({to}, 20s, 30s, {six, here}).connected);
    const result none = connect_to({to, to}, 20s, 30s, {six});
    BOOST_TEST((none.error == asio::error::address_family_not_supported), none.error);
    const result foreign = connect_to({to, to}, 20s, 30s, {asio::ip::make_address("192.0.2.1")}); // of documents alone
    BOOST_TEST((foreign.error == error_code(EADDRNOTAVAIL, boost::system::system_category())), foreign.error);
}

BOOST_AUTO_TEST_CASE(that_all_do_not_answer_are_given_up_at_the_deadline)
{
    const black_hole silent;
    const result seen = connect_to({silent.endpoint(), silent.endpoint(), silent.endpoint()}, 10ms, 100ms);
    BOOST_TEST(!seen.connected);
    BOOST_TEST((seen.elapsed < 20s));
}

// The server listens on the second one only.
BOOST_AUTO_TEST_CASE(of_a_name_are_tried_until_one_answers, *test::mounts())
{
    if (!test::in_own_mounts("mount -t tmpfs none /mnt && printf \"127.0.0.2 two.example\\n127.0.0.1 two.example\\n\" "
                             ">/mnt/hosts && mount --bind /mnt/hosts /etc/hosts")) {
        return;
    }
    test::net_fixture by;
    test::scripted_server server(test::answer_always(test::ok("hello")));
    test::net_fixture::check_answer(by.ask(server.url("/", "two.example")), 200, "hello");
}

BOOST_AUTO_TEST_CASE(of_many_names_are_looked_up_at_once)
{
    asio::io_context context;
    int found = 0;
    const auto run = [&](std::shared_ptr<tandem::http::transfer> by) -> asio::awaitable<void> {
        const tandem::http::origin localhost{false, "localhost", 80};
        const auto endpoints = co_await tandem::http::resolve(*by, localhost, nullptr);
        found += endpoints.empty() ? 0 : 1;
        by->end();
    };
    for (int i = 0; i < 100; ++i) {
        const auto by = std::make_shared<tandem::http::transfer>(context.get_executor());
        asio::co_spawn(by->get_executor(), run(by), asio::detached);
    }
    context.run();
    BOOST_TEST(found == 100);
}

BOOST_AUTO_TEST_CASE(are_not_waited_for_by_who_stops)
{
    asio::io_context context;
    const auto by = std::make_shared<tandem::http::transfer>(context.get_executor());
    const auto run = [&]() -> asio::awaitable<void> {
        const tandem::http::origin nowhere{false, "nowhere.invalid", 80};
        co_await tandem::http::resolve(*by, nowhere, nullptr);
    };
    auto done = asio::co_spawn(by->get_executor(), run(), asio::use_future);
    context.poll();
    asio::post(by->get_executor(), [&] { by->stop(asio::error::operation_aborted); });
    context.run();
    BOOST_CHECK_THROW(done.get(), tandem::http::failure);
}

BOOST_AUTO_TEST_SUITE_END()
