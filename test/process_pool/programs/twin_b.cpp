// The other of the two: see twin_a.cpp.
#include <tandem/process_pool.hpp>

static int twin()
{
    return 2;
}

int use_the_other_twin(tandem::process_pool& pool)
{
    pool.async_run(tandem::task<twin>(), [](const std::exception_ptr&, int) {});
    return 0;
}
