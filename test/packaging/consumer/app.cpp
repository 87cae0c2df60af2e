#include "tasks.hpp"

#include <tandem.hpp>

#include <boost/asio/use_future.hpp>

#include <cstdio>

// app WORKER: a task in this program as its own worker, and in the separate worker program.
int main(int argc, char** argv)
{
    tandem::run_if_worker();
    if (argc != 2)
        return 2;
    namespace asio = boost::asio;
    tandem::thread_pool io{1};
    tandem::process_pool self{io.get_executor(), {.workers = 1}};
    tandem::process_pool other{io.get_executor(), {.workers = 1, .worker = tandem::launch::executable(argv[1])}};
    const int here = self.async_run(square_task(6), asio::use_future).get();
    const int there = other.async_run(square_task(7), asio::use_future).get();
    std::printf("%d %d\n", here, there);
    return here == 36 && there == 49 ? 0 : 1;
}
