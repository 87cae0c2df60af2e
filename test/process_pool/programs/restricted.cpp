// restricted HOW: a program from which something is taken, and what its pool says of that on stdout.
// HOW: "files" that may be open; the "size" of files; "pidfd_open", "memfd_create" as system calls; "nothing".
#include <tandem/error.hpp>
#include <tandem/process_pool.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <optional>
#include <string>

namespace {

int answer(int)
{
    return 42;
}

bool take_call(unsigned number)
{
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
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
        return take_call(SYS_pidfd_open);
    if (how == "memfd_create")
        return take_call(SYS_memfd_create);
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
