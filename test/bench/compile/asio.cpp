// The same with Asio alone, on two pools of threads.
#include <boost/asio.hpp>

#include <cstdio>

namespace asio = boost::asio;

int square(int number)
{
    return number * number;
}

asio::awaitable<void> run(asio::thread_pool& io, asio::thread_pool& cpu)
{
    co_await asio::post(io, asio::use_awaitable);
    const int four = square(2);
    co_await asio::post(cpu, asio::use_awaitable);
    const int sixteen = square(four);
    std::printf("%d\n", sixteen);
}

int main()
{
    asio::thread_pool io, cpu;
    asio::co_spawn(io.get_executor(), run(io, cpu), asio::use_future).get();
}
