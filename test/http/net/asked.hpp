#ifndef TANDEM_TEST_HTTP_NET_ASKED_HPP
#define TANDEM_TEST_HTTP_NET_ASKED_HPP

#include "http/scripted_server.hpp"

#include <tandem/http/client.hpp>
#include <tandem/http/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// What became of a request, in one value that can be printed.
struct asked
{
    std::optional<tandem::http::response> answer{};
    boost::system::error_code code{};
    std::string what{};
    std::string url{};
    unsigned status = 0;
};

inline std::ostream& operator<<(std::ostream& out, const asked& one)
{
    if (one.answer) {
        return out << "answered: " << one.answer->status << ' ' << one.answer->reason << ", " << one.answer->body.size()
                   << " bytes, " << one.answer->redirects << " redirects, reused " << one.answer->reused_connection
                   << ", " << one.answer->url;
    }
    return out << "failed: " << one.what << " [" << one.code << ", status " << one.status << "]";
}

/// A request that has been started.
struct asking
{
    asking(const tandem::http::client& client, tandem::http::request what)
    {
        auto done = std::make_shared<std::promise<asked>>();
        future = done->get_future();
        client.async_request(std::move(what),
                             boost::asio::bind_cancellation_slot(
                                 signal.slot(), [done](std::exception_ptr error, tandem::http::response answer) {
                                     done->set_value(as_asked(std::move(error), std::move(answer)));
                                 }));
    }

    /// Fails the test rather than hang.
    asked wait()
    {
        BOOST_REQUIRE_MESSAGE(future.wait_for(std::chrono::seconds(60)) == std::future_status::ready,
                              "the request did not complete");
        return future.get();
    }

    static asked as_asked(std::exception_ptr error, tandem::http::response answer)
    {
        asked result;
        if (!error) {
            result.answer = std::move(answer);
            return result;
        }
        try {
            std::rethrow_exception(std::move(error));
        } catch (const tandem::http::download_error& e) {
            result.code = e.code();
            result.what = e.what();
            result.url = e.url();
            result.status = e.status();
        }
        return result;
    }

    boost::asio::cancellation_signal signal{};
    std::future<asked> future{};
};

/// The requests that a server saw, in their order.
class log
{
public:
    void add(std::string one)
    {
        const std::lock_guard guard(mutex_);
        all_.push_back(std::move(one));
    }

    std::vector<std::string> all() const
    {
        const std::lock_guard guard(mutex_);
        return all_;
    }

    std::string last() const
    {
        const std::lock_guard guard(mutex_);
        return all_.empty() ? std::string() : all_.back();
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> all_{};
};

/// Notes each request's header, and answers all with the same bytes.
inline scripted_server::script noting(log& in, std::string bytes)
{
    return [&in, bytes = std::move(bytes)](peer& client) {
        for (std::string seen = client.read_request(); !seen.empty(); seen = client.read_request()) {
            in.add(std::move(seen));
            client.send(bytes);
        }
    };
}

inline bool has_line(const std::string& header, const std::string& line)
{
    return header.find("\r\n" + line + "\r\n") != header.npos;
}

struct net_fixture
{
    ~net_fixture() { threads.join(); }

    asked ask(const tandem::http::client& with, tandem::http::request what)
    {
        return asking(with, std::move(what)).wait();
    }
    asked ask(tandem::http::request what) { return ask(direct, std::move(what)); }
    asked ask(std::string url) { return ask(tandem::http::request{.url = std::move(url)}); }

    static void check_answer(const asked& seen, unsigned status, const std::string& body)
    {
        BOOST_TEST_CONTEXT(seen)
        {
            BOOST_REQUIRE(seen.answer.has_value());
            BOOST_TEST(seen.answer->status == status);
            BOOST_TEST((seen.answer->body == body), "other bytes: " << seen.answer->body.substr(0, 200));
        }
    }

    static void check_failed(const asked& seen, const boost::system::error_code& expected, unsigned status = 0)
    {
        BOOST_TEST_CONTEXT(seen)
        {
            BOOST_TEST(!seen.answer.has_value());
            BOOST_TEST(seen.code == expected);
            BOOST_TEST(seen.status == status);
            BOOST_TEST(seen.what.ends_with(": " + seen.code.message()));
        }
    }

    boost::asio::thread_pool threads{2};
    tandem::http::client direct{threads};
};

} // namespace test

#endif
