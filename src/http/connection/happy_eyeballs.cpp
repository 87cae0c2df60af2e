#include "http/connection/happy_eyeballs.hpp"

#include "http/connection/open_socket.hpp"
#include "http/time_limit.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/errc.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace tandem::http {
namespace {

/// Nothing where no connection may come from an address of that family.
std::optional<asio::ip::address> local_address(const std::vector<asio::ip::address>& from, const tcp::endpoint& to)
{
    const auto found =
        std::find_if(from.begin(), from.end(), [&](const auto& one) { return one.is_v4() == to.address().is_v4(); });
    return found == from.end() ? std::nullopt : std::optional(*found);
}

/// How much is known of the host by it: whether this machine has such addresses, whether there is a way to it, what is
/// there.
int weight_of(const error_code& error)
{
    if (error == asio::error::operation_aborted) {
        return 0;
    }
    if (error == asio::error::address_family_not_supported || error == boost::system::errc::address_not_available) {
        return 1;
    }
    if (error == asio::error::network_unreachable || error == asio::error::host_unreachable ||
        error == asio::error::network_down || error == asio::error::access_denied ||
        error == asio::error::no_permission || error == asio::error::invalid_argument) {
        return 2;
    }
    return 3;
}

/// All on the transfer's strand.
class attempts : public std::enable_shared_from_this<attempts>
{
public:
    attempts(const transfer::executor_type& strand, asio::any_io_executor executor,
             std::vector<tcp::endpoint> addresses, std::vector<asio::ip::address> from,
             std::chrono::milliseconds delay)
        : strand_(strand), executor_(std::move(executor)), addresses_(std::move(addresses)), from_(std::move(from)),
          delay_(delay), pause_(strand), done_(strand), won_(executor_)
    {
        done_.expires_at(asio::steady_timer::time_point::max());
    }

    void try_next()
    {
        if (next_ == addresses_.size() || ended_) {
            return;
        }
        const tcp::endpoint& to = addresses_[next_++];
        const auto one = sockets_.emplace(sockets_.end(), executor_);
        auto on_end = asio::bind_executor(
            strand_, [self = shared_from_this(), one](error_code error) { self->on_result(one, error); });
        if (const error_code unopened = open(*one, to)) {
            asio::post(strand_, [on_end = std::move(on_end), unopened]() mutable { on_end.get()(unopened); });
        } else {
            one->async_connect(to, std::move(on_end));
        }
        if (next_ != addresses_.size()) {
            pause_.expires_at(deadline(delay_, transfer::clock::now()));
            pause_.async_wait(asio::bind_executor(strand_, [self = shared_from_this()](error_code error) {
                if (!error) {
                    self->try_next();
                }
            }));
        }
    }

    asio::steady_timer& done() { return done_; }

    void end()
    {
        ended_ = true;
        pause_.cancel();
        done_.cancel();
        for (tcp::socket& one : sockets_) {
            error_code ignored;
            one.close(ignored);
        }
    }

    tcp::socket take_winner() { return std::move(won_); }
    const error_code& error() const { return error_; }

private:
    error_code open(tcp::socket& socket, const tcp::endpoint& to) const
    {
        error_code error;
        open_socket(socket, to.protocol(), error);
        if (const auto local = local_address(from_, to); local && !error) {
            // Else bind takes a port for itself alone, of which there are few. Connections to several servers may share it.
            const int yes = 1;
            [[maybe_unused]] const int ignored =
                ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
            socket.bind({*local, 0}, error);
        }
        return error;
    }

    void on_result(std::list<tcp::socket>::iterator one, error_code error)
    {
        if (!error && !ended_) {
            won_ = std::move(*one);
            error_ = {};
        }
        sockets_.erase(one);
        if (ended_) {
            return;
        }
        if (!error) {
            end();
            return;
        }
        if (weight_of(error) >= weight_of(error_)) {
            error_ = error;
        }
        if (next_ != addresses_.size()) {
            // Expired or not, the pause is over.
            pause_.cancel();
            try_next();
        } else if (sockets_.empty()) {
            end();
        }
    }

    const transfer::executor_type strand_;
    const asio::any_io_executor executor_;
    const std::vector<tcp::endpoint> addresses_;
    const std::vector<asio::ip::address> from_;
    const std::chrono::milliseconds delay_;
    std::size_t next_ = 0;
    std::list<tcp::socket> sockets_{};
    asio::steady_timer pause_;
    asio::steady_timer done_;
    tcp::socket won_;
    error_code error_ = asio::error::operation_aborted;
    bool ended_ = false;
};

} // namespace

std::vector<tcp::endpoint> interleaved(const std::vector<tcp::endpoint>& addresses)
{
    std::vector<tcp::endpoint> first;
    std::vector<tcp::endpoint> second;
    for (const tcp::endpoint& one : addresses) {
        (one.protocol() == addresses.front().protocol() ? first : second).push_back(one);
    }
    std::vector<tcp::endpoint> result;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) {
            result.push_back(first[i]);
        }
        if (i < second.size()) {
            result.push_back(second[i]);
        }
    }
    return result;
}

asio::awaitable<tcp::socket> connect_one(transfer& by, const asio::any_io_executor& executor,
                                         std::vector<tcp::endpoint> addresses,
                                         const std::vector<asio::ip::address>& from, std::chrono::milliseconds delay,
                                         error_code& error)
{
    if (!from.empty()) {
        std::erase_if(addresses, [&](const tcp::endpoint& to) { return !local_address(from, to); });
        if (addresses.empty()) {
            error = asio::error::address_family_not_supported;
            co_return tcp::socket(executor);
        }
    }
    const auto all = std::make_shared<attempts>(by.get_executor(), executor, std::move(addresses), from, delay);
    // Left behind in any way, a coroutine destroyed with its context included, they end.
    struct ending
    {
        attempts& of;
        ~ending() { of.end(); }
    } at_end{*all};
    transfer::interrupt_scope scope(by, [&all] { all->end(); });
    all->try_next();
    error_code cancelled;
    co_await all->done().async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    error = all->error();
    co_return all->take_winner();
}

} // namespace tandem::http
