// A program that makes a pool, and whose main forgot to call run_if_worker: started as its own worker it makes a pool.
#include <support/tasks.hpp>

#include <tandem/error.hpp>
#include <tandem/process_pool.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdio>

int main()
{
    try {
        boost::asio::io_context context;
        tandem::process_pool pool(context, {.workers = 2});
        int status = 5;
        pool.async_run(tandem::task<test::add>(1, 2), [&status](const std::exception_ptr& error, int) {
            try {
                if (error)
                    std::rethrow_exception(error);
            } catch (const tandem::task_error& e) {
                std::printf("code %d: %s\n", e.code().value(), e.what());
                status = 4;
            }
        });
        context.run();
        return status;
    } catch (const tandem::task_error& e) {
        std::fprintf(stderr, "code %d: %s\n", e.code().value(), e.what());
        return 3;
    }
}
