// One of two files with a static function of the same name: as tasks they could not be told apart.
#include <tandem/error.hpp>
#include <tandem/process_pool.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdio>

static int twin()
{
    return 1;
}

int use_the_other_twin(tandem::process_pool& pool);

int main()
{
    tandem::run_if_worker();
    try {
        boost::asio::io_context context;
        tandem::process_pool pool(context, {.workers = 1});
        pool.async_run(tandem::task<twin>(), [](const std::exception_ptr&, int) {});
        return use_the_other_twin(pool);
    } catch (const tandem::task_error& e) {
        std::printf("code %d: %s\n", e.code().value(), e.what());
        return 3;
    }
}
