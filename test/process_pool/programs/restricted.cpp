// restricted HOW: a program from which something is taken, and what its pool says of that on stdout.
// HOW: "files" that may be open; the "size" of files; "pidfd_open", "memfd_create" as system calls; "nothing".
#include <support/refused_call.hpp>

#include <tandem/error.hpp>
#include <tandem/process_pool.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>

namespace {

int answer(int)
{
    return 42;
}

bool limit(__rlimit_resource what, rlim_t most)
{
    const rlimit none{most, most};
    return ::setrlimit(what, &none) == 0;
}

bool restrict(const std::string& how)
{
    if (how == "files")
        return limit(RLIMIT_NOFILE, static_cast<rlim_t>(::dup(0)) + 1);
    if (how == "size")
        return limit(RLIMIT_FSIZE, 0);
    if (how == "pidfd_open")
        return test::refuse_call(SYS_pidfd_open, ENOSYS);
    if (how == "memfd_create")
        return test::refuse_call(SYS_memfd_create, ENOSYS);
    return how == "nothing";
}

} // namespace

int main(int, char** argv)
{
    tandem::run_if_worker();
    boost::asio::thread_pool context{1};
    std::optional<tandem::process_pool> pool(std::in_place, context,
                                             tandem::process_pool_options{.workers = 1, .start_attempts = 1});
    if (!restrict(argv[1]))
        return 2;
    try {
        std::printf("%d\n", pool->async_run(tandem::task<answer>(1), boost::asio::use_future).get());
    } catch (const tandem::task_error& e) {
        std::printf("%s\n", e.what());
    }
    std::fflush(stdout);
}
