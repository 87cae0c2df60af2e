// An io_context in which, of the handlers that are ready at the same time, the last one runs first: the order that a
// context with several threads may have, and one with a single thread never has.
#ifndef TANDEM_TEST_SUPPORT_REVERSED_CONTEXT_HPP
#define TANDEM_TEST_SUPPORT_REVERSED_CONTEXT_HPP

#include <support/waiting.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace test {

/// Of one thread.
class reversed_context
{
    using ready_handlers = std::vector<std::function<void()>>;

    class executor
    {
    public:
        executor(boost::asio::any_io_executor inner, ready_handlers& ready) : inner_(std::move(inner)), ready_(&ready) {}

        template <class Function>
        void execute(Function&& function) const
        {
            inner_.execute([ready = ready_, f = std::make_shared<std::decay_t<Function>>(
                                                std::forward<Function>(function))]() { // std::function copies
                ready->push_back([f] { std::move (*f)(); });
            });
        }

        template <class Property>
        requires boost::asio::can_require_v<boost::asio::any_io_executor, Property> executor require(const Property& p)
        const { return {boost::asio::require(inner_, p), *ready_}; }

        template <class Property>
        requires(boost::asio::can_prefer_v<boost::asio::any_io_executor, Property> &&
                 !boost::asio::can_require_v<boost::asio::any_io_executor, Property>) executor
            prefer(const Property& p)
        const { return {boost::asio::prefer(inner_, p), *ready_}; }

        template <class Property>
        requires boost::asio::can_query_v<boost::asio::any_io_executor, Property>
        decltype(auto) query(const Property& p) const { return boost::asio::query(inner_, p); }

        friend bool operator==(const executor& a, const executor& b) noexcept { return a.inner_ == b.inner_; }
        friend bool operator!=(const executor& a, const executor& b) noexcept { return !(a == b); }

    private:
        boost::asio::any_io_executor inner_;
        ready_handlers* ready_;
    };

public:
    ~reversed_context() { ready_.clear(); }

    boost::asio::any_io_executor get_executor() { return executor(context_.get_executor(), ready_); }

    /// Runs what is ready, last first, and what becomes ready by that, until nothing is.
    void poll()
    {
        for (context_.restart(), context_.poll(); !ready_.empty(); context_.restart(), context_.poll())
            for (ready_handlers batch = std::exchange(ready_, {}); !batch.empty(); batch.pop_back())
                batch.back()();
    }

    /// Whether the condition came to hold.
    template <class Condition>
    bool poll_until(Condition condition, std::chrono::milliseconds patience = long_time)
    {
        return eventually(
            [&] {
                poll();
                return condition();
            },
            patience);
    }

private:
    boost::asio::io_context context_{1};
    ready_handlers ready_;
};

} // namespace test

#endif
