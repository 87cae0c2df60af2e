// A program with both pools and a coroutine: how long a user's file takes to compile. See asio.cpp.
#include <tandem.hpp>

#include <boost/asio.hpp>

#include <cstdio>

namespace asio = boost::asio;

int square(int number)
{
    return number * number;
}

asio::awaitable<void> run(tandem::thread_pool& io, tandem::process_pool& cpu)
{
    const int four = co_await io.async_run([] { return square(2); });
    const int sixteen = co_await cpu.async_run(tandem::task<square>(four));
    std::printf("%d\n", sixteen);
}

int main()
{
    tandem::run_if_worker();
    tandem::thread_pool io;
    tandem::process_pool cpu(io.get_executor());
    asio::co_spawn(io.get_executor(), run(io, cpu), asio::use_future).get();
}
