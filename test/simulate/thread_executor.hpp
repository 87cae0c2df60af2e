// An executor of simulated threads: what one of them dispatches runs at once, as in Asio's pools.
#ifndef TANDEM_TEST_SIMULATE_THREAD_EXECUTOR_HPP
#define TANDEM_TEST_SIMULATE_THREAD_EXECUTOR_HPP

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace simulate {

/// Whose threads they are.
class thread_host
{
public:
    virtual boost::asio::execution_context& context() noexcept = 0;
    virtual void post(std::function<void()> handler) = 0;

    /// Whether one of the threads runs now.
    virtual bool is_on_thread() const noexcept = 0;

    /// Others may be quicker than whoever posts something.
    virtual void interleave() = 0;

protected:
    ~thread_host() = default;
};

class thread_executor
{
    using blocking_t = boost::asio::execution::blocking_t;

public:
    explicit thread_executor(thread_host& h) : host_(&h) {}

    boost::asio::execution_context& query(boost::asio::execution::context_t /*property*/) const noexcept
    {
        return host_->context();
    }
    blocking_t query(blocking_t /*property*/) const noexcept
    {
        return may_block_ ? blocking_t(blocking_t::possibly) : blocking_t(blocking_t::never);
    }
    thread_executor require(blocking_t::possibly_t /*property*/) const { return {*host_, true}; }
    thread_executor require(blocking_t::never_t /*property*/) const { return {*host_, false}; }

    template <class Function>
    void execute(Function&& function) const
    {
        if (may_block_ && host_->is_on_thread()) {
            std::decay_t<Function> now(std::forward<Function>(function));
            std::move (now)();
            return;
        }
        host_->interleave();
        auto held = std::make_shared<std::decay_t<Function>>(std::forward<Function>(function));
        host_->post([held] { std::move (*held)(); });
    }

    bool operator==(const thread_executor&) const = default;

private:
    thread_executor(thread_host& h, bool may_block) : host_(&h), may_block_(may_block) {}

    thread_host* host_;
    bool may_block_ = true;
};

} // namespace simulate

#endif
