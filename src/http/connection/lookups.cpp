#include "http/connection/lookups.hpp"

#include <all_signals_blocked.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <new>
#include <thread>

namespace asio = boost::asio;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr std::size_t lookups_at_once = 8;

/// In a process: those included that their contexts have left behind.
constexpr int busy_threads_at_most = 64;

std::atomic<int> busy_threads = 0;

/// What takes longer waits for the network, and holds none of the C library's locks: a child may look up.
constexpr std::chrono::milliseconds fork_waits_at_most(100);

/// A forked process has none of the threads.
void forget_busy_threads_in_children()
{
    static const int registered = ::pthread_atfork(nullptr, nullptr, [] { busy_threads = 0; });
    static_cast<void>(registered);
}

std::vector<asio::ip::address> ask_system(const std::string& host, error_code& error)
{
    std::vector<asio::ip::address> result;
    try {
        asio::io_context unused; // of which Asio wants one to call getaddrinfo
        for (const auto& found : asio::ip::tcp::resolver(unused).resolve(host, std::string(), error)) {
            result.push_back(found.endpoint().address());
        }
    } catch (const std::bad_alloc&) {
        error = asio::error::no_memory;
    }
    return result;
}

} // namespace

class lookups::service final : public asio::execution_context::service
{
public:
    static asio::execution_context::id id;

    explicit service(asio::execution_context& context)
        : asio::execution_context::service(context), all(std::make_shared<lookups>())
    {
    }

    const std::shared_ptr<lookups> all;

private:
    void shutdown() override { all->close(); }
    void notify_fork(asio::execution_context::fork_event event) override { all->notify_fork(event); }
};

asio::execution_context::id lookups::service::id;

std::shared_ptr<lookups> lookups::get(asio::execution_context& context)
{
    return asio::use_service<service>(context).all;
}

void lookups::start(const std::shared_ptr<lookup>& one, std::function<void()> done)
{
    const std::lock_guard guard(mutex_);
    one->place = waiting_.insert(waiting_.end(), one);
    one->done = std::move(done); // which tells that it has a place
    one->now = lookup::state::waiting;
    start_threads();
}

void lookups::expect(const std::shared_ptr<lookup>& one, std::function<void()> done)
{
    const std::lock_guard guard(mutex_);
    one->place = expected_.insert(expected_.end(), one);
    one->done = std::move(done);
    one->now = lookup::state::expected;
}

void lookups::finish(lookup& one, const error_code& error, std::vector<asio::ip::address> addresses)
{
    const std::lock_guard guard(mutex_);
    if (one.done) {
        expected_.erase(one.place);
        one.error = error;
        one.addresses = std::move(addresses);
        end(one);
    }
}

void lookups::abandon(lookup& one)
{
    const std::lock_guard guard(mutex_);
    if (!one.done) {
        return;
    }
    one.done = nullptr;
    switch (one.now) {
    case lookup::state::waiting:
        waiting_.erase(one.place);
        break;
    case lookup::state::expected:
        expected_.erase(one.place);
        break;
    case lookup::state::running:
        --wanted_;
        start_threads();
        break;
    }
}

/// Under the mutex, as what follows is but for `run`. Where the system gives no thread, those that there are do the rest.
void lookups::start_threads()
{
    while (waiting_.size() > idle_ && wanted_ + idle_ < lookups_at_once && start_thread(waiting_.front())) {
        take_first();
    }
    if (idle_ > 0 && may_take()) {
        wake_->notify_one();
    }
    while (running_.empty() && idle_ == 0 && !waiting_.empty()) {
        const std::shared_ptr<lookup> failed = std::move(waiting_.front());
        waiting_.pop_front();
        failed->no_thread = true;
        failed->error = asio::error::try_again;
        end(*failed);
    }
}

bool lookups::start_thread(const std::shared_ptr<lookup>& first)
{
    forget_busy_threads_in_children();
    if (busy_threads.fetch_add(1) < busy_threads_at_most) {
        const all_signals_blocked in_the_new_thread;
        try {
            std::thread([self = shared_from_this(), one = first]() mutable { self->run(std::move(one)); }).detach();
            return true;
        } catch (const std::exception&) { // no thread, or no memory
        }
    }
    --busy_threads;
    return false;
}

bool lookups::may_take() const
{
    return !waiting_.empty() && wanted_ < lookups_at_once;
}

std::shared_ptr<lookup> lookups::take_first()
{
    std::shared_ptr<lookup> result = waiting_.front();
    result->now = lookup::state::running;
    running_.splice(running_.end(), waiting_, waiting_.begin());
    ++wanted_;
    return result;
}

/// Null where the thread is not needed any more.
std::shared_ptr<lookup> lookups::wait_for_next(std::unique_lock<std::mutex>& lock)
{
    --busy_threads;
    if (!may_take()) {
        if (closed_ || idle_ > 0) {
            return nullptr;
        }
        ++idle_;
        wake_->wait(lock, [this] { return closed_ || may_take(); });
        --idle_;
        if (closed_) {
            return nullptr;
        }
    }
    ++busy_threads;
    return take_first();
}

void lookups::run(std::shared_ptr<lookup> one)
{
    std::unique_lock lock(mutex_, std::defer_lock);
    while (one) {
        error_code error;
        std::vector<asio::ip::address> addresses = ask_system(one->host, error);
        lock.lock();
        running_.erase(one->place);
        if (one->done) {
            --wanted_;
            one->error = error;
            one->addresses = std::move(addresses);
            end(*one);
        }
        if (running_.empty()) {
            quiet_.notify_all();
        }
        one = nullptr;
        one = wait_for_next(lock);
        lock.unlock();
    }
}

void lookups::end(lookup& one)
{
    // Under the mutex, so that the context, to which it posts, does not end meanwhile.
    std::exchange(one.done, nullptr)();
}

void lookups::close()
{
    const std::lock_guard guard(mutex_);
    for (const list* all : {&waiting_, &running_, &expected_}) {
        for (const std::shared_ptr<lookup>& one : *all) {
            one->done = nullptr;
        }
    }
    waiting_.clear();
    expected_.clear();
    wanted_ = 0;
    closed_ = true;
    wake_->notify_all();
}

void lookups::notify_fork(asio::execution_context::fork_event event)
{
    switch (event) {
    case asio::execution_context::fork_prepare: {
        std::unique_lock lock(mutex_);
        quiet_.wait_for(lock, fork_waits_at_most, [this] { return running_.empty(); });
        lock.release();
        return;
    }
    case asio::execution_context::fork_child:
        // The threads are the parent's, also the one that waits: what it waits for cannot even be destroyed.
        static_cast<void>(wake_.release());
        wake_ = std::make_unique<std::condition_variable>();
        idle_ = 0;
        running_.remove_if([](const std::shared_ptr<lookup>& one) { return !one->done; });
        for (const std::shared_ptr<lookup>& one : running_) {
            one->now = lookup::state::waiting;
        }
        waiting_.splice(waiting_.begin(), running_);
        wanted_ = 0;
        start_threads();
        break;
    case asio::execution_context::fork_parent:
        break;
    }
    mutex_.unlock();
}

} // namespace tandem::http
