#include <control_guard.hpp>
#include <descriptor.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace tandem {
namespace {

struct pipe_ends
{
    pipe_ends()
    {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        read = descriptor(ends[0]);
        write = descriptor(ends[1]);
    }
    descriptor read, write;
};

/// The status of a worker that comes to its guard before its owner is set, or not at all, when the control pipe is written to.
int status_of_worker(bool lifts)
{
    pipe_ends control, ready;
    control_guard::set(control.read.get());
    const pid_t child = ::fork();
    if (child == 0) {
        ::setpgid(0, 0);
        if (lifts)
            control_guard::lift(control.read.get());
        char byte = 0;
        static_cast<void>(!::write(ready.write.get(), &byte, 1));
        ::_exit(::read(control.read.get(), &byte, 1) == 1 ? 0 : 1);
    }
    char byte = 0;
    BOOST_REQUIRE(::read(ready.read.get(), &byte, 1) == 1);
    control_guard::set_owner(control.read.get(), child);
    BOOST_REQUIRE(::write(control.write.get(), &byte, 1) == 1);
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
}

} // namespace

BOOST_AUTO_TEST_SUITE(control_guards)

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_serve_yet_is_killed)
{
    const int status = status_of_worker(false);
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL), "status " << status);
}

// As where the program gets no processor between a worker's start and what it does next.
BOOST_AUTO_TEST_CASE(what_a_quick_worker_has_lifted_stays_lifted)
{
    const int status = status_of_worker(true);
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0), "status " << status);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem
