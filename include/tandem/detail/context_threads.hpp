// The threads that run a thread pool's context.
#ifndef TANDEM_DETAIL_CONTEXT_THREADS_HPP
#define TANDEM_DETAIL_CONTEXT_THREADS_HPP

#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tandem::detail {

/// Several are started here: in Boost 1.81 the constructor of asio::thread_pool never returns where a later one of its
/// threads cannot start. One alone is Asio's own, which then locks less.
class context_threads
{
public:
    /// Throws boost::system::system_error where the system has no more.
    explicit context_threads(std::size_t count);
    context_threads(const context_threads&) = delete;
    context_threads& operator=(const context_threads&) = delete;
    ~context_threads();

    boost::asio::thread_pool& context() noexcept { return context_; }

    /// Waits until the context has no more work, or is stopped. Thread-safe; not to be called in one of them.
    void join();

private:
    void end();

    boost::asio::thread_pool context_;
    std::mutex mutex_;
    bool are_joined_ = false;
    std::vector<std::thread> threads_;
};

} // namespace tandem::detail

#endif
