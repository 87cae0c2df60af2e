#include <tandem/detail/context_threads.hpp>

#include <boost/system/system_error.hpp>

#include <system_error>

namespace tandem::detail {

context_threads::context_threads(std::size_t count) : context_(count == 1 ? 1 : 0)
{
    try {
        threads_.reserve(count);
        while (count > 1 && threads_.size() != count)
            threads_.emplace_back([this] { context_.attach(); });
    } catch (...) {
        end();
        try {
            throw;
        } catch (const std::system_error& e) {
            throw boost::system::system_error(e.code().value(), boost::system::system_category(), "thread");
        }
    }
}

context_threads::~context_threads()
{
    end();
}

void context_threads::end()
{
    context_.stop();
    join();
}

void context_threads::join()
{
    const std::lock_guard lock(mutex_);
    if (std::exchange(are_joined_, true))
        return;
    context_.wait(); // for its own; join() would not release those that were attached
    for (std::thread& each : threads_)
        each.join();
}

} // namespace tandem::detail
