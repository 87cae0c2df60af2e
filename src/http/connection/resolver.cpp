#include "http/connection/resolver.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr std::size_t lookups_at_once = 8;

/// The context's, as look-ups call back into it: it must not end while one is under way.
class lookup_threads final : public asio::execution_context::service
{
public:
    static asio::execution_context::id id;

    explicit lookup_threads(asio::execution_context& of) : service(of) {}

    template <class Work>
    void post(Work work)
    {
        const std::lock_guard guard(mutex_);
        if (!threads_) {
            threads_.emplace(lookups_at_once);
        }
        asio::post(*threads_, std::move(work));
    }

private:
    void shutdown() override
    {
        const std::lock_guard guard(mutex_);
        if (threads_) {
            threads_->stop();
            threads_->join();
        }
    }

    std::mutex mutex_;
    std::optional<asio::thread_pool> threads_;
};

asio::execution_context::id lookup_threads::id;

struct lookup
{
    lookup(const transfer::executor_type& executor, const origin& at)
        : done(executor), host(at.host), service(std::to_string(at.port))
    {
        done.expires_at(asio::steady_timer::time_point::max());
    }

    void run()
    {
        if (!wanted) {
            return;
        }
        asio::io_context unused; // of which Asio wants one to call getaddrinfo
        const auto results = tcp::resolver(unused).resolve(host, service, tcp::resolver::numeric_service, error);
        endpoints.assign(results.begin(), results.end());
    }

    asio::steady_timer done; ///< the transfer's strand alone touches it
    const std::string host;
    const std::string service;
    std::atomic<bool> wanted = true;
    error_code error{};
    std::vector<tcp::endpoint> endpoints{};
};

} // namespace

asio::awaitable<std::vector<tcp::endpoint>> resolve(transfer& by, const origin& at)
{
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(at.host, not_an_address);
    if (!not_an_address) {
        co_return std::vector<tcp::endpoint>{tcp::endpoint(address, at.port)};
    }
    const auto under_way = std::make_shared<lookup>(by.get_executor(), at);
    auto& context = asio::query(by.get_executor(), asio::execution::context);
    asio::use_service<lookup_threads>(context).post([under_way, executor = by.get_executor()]() mutable {
        under_way->run();
        asio::post(executor, [under_way = std::move(under_way)] { under_way->done.cancel(); });
    });
    // The end is posted to this strand, so it cannot come before the wait has begun.
    {
        transfer::interrupt_scope scope(by, [&under_way] {
            under_way->wanted = false;
            under_way->done.cancel();
        });
        error_code cancelled;
        co_await under_way->done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    by.check();
    if (under_way->error || under_way->endpoints.empty()) {
        throw failure(under_way->error ? under_way->error : error_code(asio::error::host_not_found),
                      "cannot find the host " + at.host);
    }
    co_return std::move(under_way->endpoints);
}

} // namespace tandem::http
