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

connection_pool::connection_pool(asio::any_io_executor executor, const client_options& options)
    : executor_(std::move(executor)), options_(options)
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
    held_ = std::make_unique<connection>(pool_->executor_);
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
    place_in_line(connection_pool& pool, const route& at, transfer& by, bool has_place)
        : pool_(pool), waiter_(std::make_shared<waiter>(at, by.get_executor())),
          place_(pool.waiting_.join(at, waiter_, has_place))
    {
    }
    place_in_line(const place_in_line&) = delete;
    place_in_line& operator=(const place_in_line&) = delete;
    ~place_in_line()
    {
        if (leave()) {
            pool_.release(waiter_->at, nullptr);
        }
    }

    asio::steady_timer& wake() { return waiter_->wake; }

    /// What was granted, if anything.
    std::unique_ptr<connection> leave()
    {
        lock guard(pool_.mutex_);
        if (!std::exchange(left_, true) && !waiter_->granted) {
            pool_.waiting_.leave(place_);
        }
        return std::move(waiter_->granted);
    }

private:
    connection_pool& pool_;
    std::shared_ptr<waiter> waiter_;
    lines::place place_;
    bool left_ = false;
};

std::optional<connection_pool::lease> connection_pool::try_acquire(const route& at)
{
    lock guard(mutex_);
    std::unique_ptr<connection> taken = try_take(at);
    return taken ? std::optional<lease>(std::in_place, shared_from_this(), at, std::move(taken)) : std::nullopt;
}

asio::awaitable<connection_pool::lease> connection_pool::acquire(transfer& by, route at)
{
    by.check();
    auto self = shared_from_this();
    std::unique_ptr<connection> taken;
    std::optional<place_in_line> place;
    {
        lock guard(mutex_);
        taken = try_take(at);
        if (!taken) {
            const auto here = hosts_.find(at);
            place.emplace(*this, at, by, here == hosts_.end() || has_place(here->second));
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

/// In a forked child: two processes must not speak on one connection.
void connection_pool::leave_to_parent()
{
    if (const unsigned now = fork_count(); now != forks_) {
        forks_ = now;
        while (!idle_.empty()) {
            const auto here = idle_.front().here;
            take_idle(here, idle_.begin());
            note_closed(here);
        }
    }
}

std::unique_ptr<connection> connection_pool::try_take(const route& at)
{
    leave_to_parent();
    const auto now = std::chrono::steady_clock::now();
    auto here = hosts_.find(at);
    while (here != hosts_.end() && !here->second.idle.empty()) {
        // The latest used is the likeliest to be open still.
        std::unique_ptr<connection> taken = take_idle(here, here->second.idle.back());
        // In the option's unit, in which the longest of all is a number too.
        const auto idle = std::chrono::duration_cast<std::chrono::milliseconds>(now - taken->idle_since);
        if (idle <= options_.idle_connection_timeout && taken->quiet()) {
            note_change(here);
            return taken;
        }
        note_closed(here);
        here = hosts_.find(at);
    }
    if (here != hosts_.end() && !has_place(here->second)) {
        return nullptr;
    }
    if (open_ >= options_.max_connections) {
        if (idle_.empty()) {
            return nullptr;
        }
        const auto other = idle_.front().here;
        take_idle(other, idle_.begin());
        note_closed(other);
    }
    std::unique_ptr<connection> made = std::make_unique<connection>(executor_);
    here = hosts_.try_emplace(at).first;
    ++here->second.open;
    ++open_;
    note_change(here);
    return made;
}

std::unique_ptr<connection> connection_pool::take_idle(hosts::iterator here, std::list<kept>::iterator one)
{
    std::unique_ptr<connection> result = std::move(one->unused);
    std::erase(here->second.idle, one);
    idle_.erase(one);
    return result;
}

void connection_pool::note_closed(hosts::iterator here)
{
    --open_;
    --here->second.open;
    note_change(here);
}

void connection_pool::note_change(hosts::iterator here)
{
    waiting_.set_open(here->first, has_place(here->second));
    if (here->second.open == 0) {
        hosts_.erase(here);
    }
}

bool connection_pool::has_place(const host& here) const
{
    return !here.idle.empty() || here.open < options_.max_connections_per_host;
}

void connection_pool::release(const route& at, std::unique_ptr<connection> unused)
{
    lock guard(mutex_);
    const auto here = hosts_.find(at);
    if (unused && options_.idle_connection_timeout.count() > 0) {
        here->second.idle.push_back(idle_.insert(idle_.end(), {here, std::move(unused)}));
        note_change(here);
    } else {
        note_closed(here);
    }
    serve_one_waiter();
}

/// One connection has become free, so one waiter at most can go on.
void connection_pool::serve_one_waiter()
{
    const std::optional<lines::place> first = waiting_.first();
    if (!first) {
        return;
    }
    std::shared_ptr<waiter> next = first->waiter();
    next->granted = try_take(next->at);
    if (next->granted) {
        waiting_.leave(*first);
        asio::post(next->wake.get_executor(), [next] { next->wake.cancel(); });
    }
}

} // namespace tandem::http
