#include <tandem/worker.hpp>

#include <cstdio>

int main(int, char** argv)
{
    tandem::run_if_worker();
    std::fprintf(stderr, "%s: this program serves a tandem::process_pool; it is not to be started by hand.\n", argv[0]);
    return 2;
}
