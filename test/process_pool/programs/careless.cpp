// A program that makes a pool, and whose main forgot to call run_if_worker: also where it is started as a worker.
#include <tandem/error.hpp>
#include <tandem/process_pool.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdio>

int main()
{
    try {
        boost::asio::io_context context;
        const tandem::process_pool pool(context, {.workers = 2});
        return 5;
    } catch (const tandem::task_error& e) {
        std::fprintf(stderr, "code %d: %s\n", e.code().value(), e.what());
        return 3;
    }
}
