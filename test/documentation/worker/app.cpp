#include "greet.hpp"

#include <tandem.hpp>

#include <boost/asio/use_future.hpp>

#include <iostream>

int main(int, char** argv)
{
    tandem::thread_pool io{1};
    tandem::process_pool_options options;
    options.worker = tandem::launch::executable(argv[1]); // the path of greet_worker
    tandem::process_pool cpu{io, options};
    std::cout << cpu.async_run(greet_task("worker"), boost::asio::use_future).get() << '\n';
}
