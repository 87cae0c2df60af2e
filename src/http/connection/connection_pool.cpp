#include "http/connection/connection_pool.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace asio = boost::asio;

namespace tandem::http {

struct connection_pool::waiter
{
    waiter(route of, const transfer::executor_type& executor) : at(std::move(of)), wake(executor)
    {
        wake.expires_at(asio::steady_timer::time_point::max());
    }

    const route at;
    asio::steady_timer wake;               ///< its download's strand alone touches it
    std::unique_ptr<connection> granted{}; ///< under the pool's mutex
};

connection_pool::connection_pool(asio::any_io_executor executor, const client_options& options, tls_settings& tls)
    : executor_(std::move(executor)), options_(options), tls_(tls)
{
}

connection_pool::lease& connection_pool::lease::operator=(lease&& other) noexcept
{
    lease old(std::move(*this));
    pool_ = std::move(other.pool_);
    at_ = std::move(other.at_);
    held_ = std::move(other.held_);
    return *this;
}

connection_pool::lease::~lease()
{
    if (held_) {
        held_.reset();
        pool_->release(at_, nullptr);
    }
}

void connection_pool::lease::replace()
{
    held_ = pool_->make(at_);
}

void connection_pool::lease::give_back()
{
    held_->reused = true;
    held_->idle_since = std::chrono::steady_clock::now();
    pool_->release(at_, std::move(held_));
}

/// A place in the line, left again also when the download's coroutine is destroyed.
class connection_pool::place_in_line
{
public:
    place_in_line(connection_pool& pool, const route& at, transfer& by)
        : pool_(pool), waiter_(std::make_shared<waiter>(at, by.get_executor())),
          place_(pool.waiting_.insert(pool.waiting_.end(), waiter_))
    {
    }
    place_in_line(const place_in_line&) = delete;
    place_in_line& operator=(const place_in_line&) = delete;
    ~place_in_line() { leave(); }

    asio::steady_timer& wake() { return waiter_->wake; }

    /// What was granted, if anything.
    std::unique_ptr<connection> leave()
    {
        lock guard(pool_.mutex_);
        if (!std::exchange(left_, true) && !waiter_->granted) {
            pool_.waiting_.erase(place_);
        }
        return std::move(waiter_->granted);
    }

private:
    connection_pool& pool_;
    std::shared_ptr<waiter> waiter_;
    waiters::iterator place_;
    bool left_ = false;
};

asio::awaitable<connection_pool::lease> connection_pool::acquire(transfer& by, route at)
{
    by.check();
    if (at.to.secure) {
        tls_.context(); // its loading, if it comes to that, under no lock
    }
    auto self = shared_from_this();
    std::unique_ptr<connection> taken;
    std::optional<place_in_line> place;
    {
        lock guard(mutex_);
        taken = try_take(at);
        if (!taken) {
            place.emplace(*this, at, by);
        }
    }
    if (place) {
        // Who grants it posts the wake-up to this strand, so it cannot come before the wait has begun.
        transfer::interrupt_scope scope(by, [&place] { place->wake().cancel(); });
        boost::system::error_code woken;
        co_await place->wake().async_wait(asio::redirect_error(asio::use_awaitable, woken));
        taken = place->leave();
    }
    if (!taken) {
        by.check();
        throw failure(asio::error::operation_aborted);
    }
    lease result(std::move(self), std::move(at), std::move(taken));
    by.check();
    co_return result;
}

std::unique_ptr<connection> connection_pool::make(const route& at) const
{
    return std::make_unique<connection>(executor_, at.to.secure ? &tls_.context() : nullptr);
}

std::unique_ptr<connection> connection_pool::try_take(const route& at)
{
    host& here = hosts_[at];
    const auto oldest = std::chrono::steady_clock::now() - options_.idle_connection_timeout;
    while (!here.idle.empty()) {
        // The latest used is the likeliest to be open still.
        std::unique_ptr<connection> kept = std::move(here.idle.back());
        here.idle.pop_back();
        if (kept->idle_since >= oldest && kept->quiet()) {
            return kept;
        }
        --here.open;
        --open_;
    }
    if (here.open >= options_.max_connections_per_host) {
        return nullptr;
    }
    if (open_ >= options_.max_connections && !evict_one_idle()) {
        if (here.open == 0) {
            hosts_.erase(at);
        }
        return nullptr;
    }
    std::unique_ptr<connection> made = make(at);
    ++here.open;
    ++open_;
    return made;
}

bool connection_pool::evict_one_idle()
{
    auto longest = hosts_.end();
    for (auto i = hosts_.begin(); i != hosts_.end(); ++i) {
        if (!i->second.idle.empty() && (longest == hosts_.end() || i->second.idle.front()->idle_since <
                                                                       longest->second.idle.front()->idle_since)) {
            longest = i;
        }
    }
    if (longest == hosts_.end()) {
        return false;
    }
    longest->second.idle.erase(longest->second.idle.begin());
    --longest->second.open;
    --open_;
    if (longest->second.open == 0) {
        hosts_.erase(longest);
    }
    return true;
}

void connection_pool::release(const route& at, std::unique_ptr<connection> kept)
{
    lock guard(mutex_);
    const auto here = hosts_.find(at);
    if (kept && options_.idle_connection_timeout.count() > 0) {
        here->second.idle.push_back(std::move(kept));
    } else {
        --open_;
        if (--here->second.open == 0) {
            hosts_.erase(here);
        }
    }
    serve_one_waiter();
}

/// One connection has become free, so one waiter at most can go on.
void connection_pool::serve_one_waiter()
{
    for (auto i = waiting_.begin(); i != waiting_.end(); ++i) {
        std::shared_ptr<waiter> next = *i;
        next->granted = try_take(next->at);
        if (next->granted) {
            waiting_.erase(i);
            asio::post(next->wake.get_executor(), [next] { next->wake.cancel(); });
            return;
        }
    }
}

} // namespace tandem::http
