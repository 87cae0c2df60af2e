#include <descriptor.hpp>
#include <memory_file.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

namespace tandem {
namespace {

// In a child, which may close what it likes. Whether all held.
bool holds_without_standard_streams(const std::function<bool()>& condition)
{
    const pid_t child = ::fork();
    if (child == 0) {
        for (int number = 0; number != first_own_descriptor; ++number)
            ::close(number);
        ::_exit(condition() ? 0 : 1);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_open(int number)
{
    return ::fcntl(number, F_GETFD) >= 0;
}

} // namespace

BOOST_AUTO_TEST_SUITE(descriptors)

BOOST_AUTO_TEST_CASE(none_is_a_standard_streams)
{
    BOOST_TEST(holds_without_standard_streams([] {
        const descriptor opened(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        return opened.get() >= first_own_descriptor && (::fcntl(opened.get(), F_GETFD) & FD_CLOEXEC) != 0 && !is_open(0);
    }));
    BOOST_TEST(holds_without_standard_streams([] {
        const descriptor file = make_memory_file("test");
        struct stat status
        {
        };
        return file.get() >= first_own_descriptor && ::fstat(file.get(), &status) == 0 && status.st_size == 0;
    }));
}

BOOST_AUTO_TEST_CASE(other_numbers_stay)
{
    const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    BOOST_REQUIRE(number >= first_own_descriptor);
    descriptor opened(number);
    BOOST_TEST(opened.get() == number);
    BOOST_TEST(opened.close());
    BOOST_TEST(!opened);
    BOOST_TEST(!is_open(number));
}

BOOST_AUTO_TEST_CASE(a_failed_call_leaves_nothing_and_its_error)
{
    const descriptor missing(::open("/no/such/file", O_RDONLY));
    BOOST_TEST(errno == ENOENT);
    BOOST_TEST(!missing);
}

BOOST_AUTO_TEST_CASE(standard_streams_that_are_closed_are_opened_and_others_are_left)
{
    BOOST_TEST(holds_without_standard_streams([] {
        open_standard_streams();
        return is_open(0) && is_open(1) && is_open(2);
    }));
    BOOST_TEST(holds_without_standard_streams([] { // what is lost is told, as it is without them
        open_standard_streams();
        char byte = 0;
        return ::write(1, &byte, 1) < 0 && errno == EBADF && ::write(2, &byte, 1) < 0 && errno == EBADF &&
               ::read(0, &byte, 1) < 0 && errno == EBADF;
    }));
    BOOST_TEST(holds_without_standard_streams([] {
        int ends[2];
        if (::pipe(ends) != 0 || ends[1] != 1) // 0 and 1
            return false;
        open_standard_streams();
        struct stat status
        {
        };
        return is_open(2) && ::fstat(0, &status) == 0 && S_ISFIFO(status.st_mode);
    }));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem
