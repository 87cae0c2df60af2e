#include <tandem/detail/work_queue.hpp>

#include <asymmetric_fence.hpp>
#include <thread_pool/deadline_thread.hpp>
#include <thread_pool/thread_work_queue.hpp>
#include <tandem/cpu_count.hpp>

#include <boost/asio/post.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace tandem::detail {
namespace {

/// Those of a pool.
class pool_threads
{
public:
    explicit pool_threads(const asio::thread_pool::executor_type& executor) : executor_(executor) {}

    template <class Function>
    void post(Function function)
    {
        asio::post(executor_, std::move(function));
    }
    time_point now() const noexcept { return std::chrono::steady_clock::now(); }

    deadline_thread alarm;

private:
    const asio::thread_pool::executor_type executor_;
};

} // namespace

std::size_t thread_count(std::size_t wanted)
{
    constexpr std::size_t most = std::size_t{1} << 22; // Linux has no more ids of threads
    if (wanted > most)
        throw std::invalid_argument("thread_pool: threads is " + std::to_string(wanted) +
                                    "; it must be at most 4194304, or 0 for one for each processor");
    asymmetric_fence::prepare();
    return wanted ? wanted : usable_cpus();
}

std::shared_ptr<work_queue> make_work_queue(const asio::thread_pool::executor_type& executor)
{
    return std::make_shared<thread_work_queue<pool_threads>>(executor);
}

} // namespace tandem::detail
