#ifndef TANDEM_SRC_HTTP_CONNECTION_CONNECTION_POOL_HPP
#define TANDEM_SRC_HTTP_CONNECTION_CONNECTION_POOL_HPP

#include "http/connection/connection.hpp"
#include "http/connection/fork_count.hpp"
#include "http/connection/waiting_lines.hpp"
#include "http/transfer.hpp"
#include "http/url.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace tandem::http {

/// What connections may be shared for.
struct route
{
    std::optional<origin> to{};  ///< whom requests are for; nothing: whomever, as the proxy finds them
    std::optional<origin> via{}; ///< the proxy

    auto operator<=>(const route&) const = default;
};

/// Hands out connections, new or kept, within the limits; who finds none waits in order of arrival. Thread-safe.
class connection_pool : public std::enable_shared_from_this<connection_pool>
{
public:
    connection_pool(boost::asio::any_io_executor executor, const client_options& options);

    /// The right to one connection of a route. What is not given back is closed.
    class lease
    {
    public:
        lease() = default;
        lease(std::shared_ptr<connection_pool> pool, route at, std::unique_ptr<connection> held)
            : pool_(std::move(pool)), at_(std::move(at)), held_(std::move(held))
        {
        }
        lease(lease&&) = default;
        lease& operator=(lease&& other) noexcept;
        ~lease();

        connection& operator*() const noexcept { return *held_; }
        connection* operator->() const noexcept { return held_.get(); }

        /// A new connection, not yet connected, in place of one that the server had closed.
        void replace();

        /// Ready for the next request: kept for whoever asks.
        void give_back();

    private:
        std::shared_ptr<connection_pool> pool_;
        route at_{};
        std::unique_ptr<connection> held_;
    };

    /// Nothing where it would have to wait.
    std::optional<lease> try_acquire(const route& at);

    /// Throws `failure` when `by` is stopped while it waits.
    boost::asio::awaitable<lease> acquire(transfer& by, route at);

private:
    struct waiter;
    class place_in_line;
    struct host;
    using hosts = std::map<route, host>;
    struct kept
    {
        hosts::iterator here;
        std::unique_ptr<connection> unused;
    };
    struct host
    {
        std::size_t open = 0;                          ///< leased and idle
        std::vector<std::list<kept>::iterator> idle{}; ///< the longest idle first
    };
    using lines = waiting_lines<route, std::shared_ptr<waiter>>;
    using lock = std::unique_lock<std::mutex>;

    std::unique_ptr<connection> try_take(const route& at);
    void leave_to_parent();
    std::unique_ptr<connection> take_idle(hosts::iterator here, std::list<kept>::iterator one);
    void note_closed(hosts::iterator here);
    void note_change(hosts::iterator here);
    bool has_place(const host& here) const;
    void release(const route& at, std::unique_ptr<connection> unused);
    void serve_one_waiter();

    const boost::asio::any_io_executor executor_;
    const client_options options_;

    std::mutex mutex_;
    hosts hosts_{};
    std::list<kept> idle_{}; ///< of all hosts, the longest idle first
    std::size_t open_ = 0;
    unsigned forks_ = fork_count();
    lines waiting_{}; ///< a line is open where its host's limit leaves a place
};

} // namespace tandem::http

#endif
