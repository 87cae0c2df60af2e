// The two pools as one: what a test case template needs to run the same on both.
#ifndef TANDEM_TEST_SUPPORT_SIDES_HPP
#define TANDEM_TEST_SUPPORT_SIDES_HPP

#include <support/leak_check.hpp>
#include <support/waiting.hpp>

#include <tandem/process_pool.hpp>
#include <tandem/thread_pool.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <cstddef>
#include <ostream>
#include <tuple>

namespace test {

namespace asio = boost::asio;

struct threads
{
    static constexpr bool in_processes = false;

    explicit threads(std::size_t size = 2) : pool(size) {}

    bool is_here() { return pool.get_executor().running_in_this_thread(); }

    leak_check leaks;
    tandem::thread_pool pool;
};

struct processes
{
    static constexpr bool in_processes = true;

    explicit processes(std::size_t size = 2, tandem::process_pool_options options = {})
        : pool(context, (options.workers = size, options))
    {
    }

    bool is_here() { return context.get_executor().running_in_this_thread(); }

    leak_check leaks;
    asio::thread_pool context{2};
    tandem::process_pool pool;
};

using sides = std::tuple<threads, processes>;

/// Runs a coroutine in the side's executor to its end.
template <class Side, class R>
R run(Side& side, asio::awaitable<R> coroutine)
{
    return get_soon(asio::co_spawn(side.pool.get_executor(), std::move(coroutine), asio::use_future));
}

} // namespace test

#endif
