// What is written to stderr blocks nobody, whatever stderr is, and its flags stay as they are.
#include <support/preconditions.hpp>

#include <descriptor.hpp>
#include <io/text_output.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string>
#include <thread>

BOOST_AUTO_TEST_SUITE(standard_errors)

namespace {

using boost::system::error_code;
using tandem::descriptor;

/// Another stderr while it is there; nothing is printed meanwhile.
class replaced_stderr
{
public:
    explicit replaced_stderr(int fd) : own_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10))
    {
        if (fd >= 0)
            ::dup2(fd, STDERR_FILENO);
        else
            ::close(STDERR_FILENO);
    }
    ~replaced_stderr() { ::dup2(own_.get(), STDERR_FILENO); }
    replaced_stderr(const replaced_stderr&) = delete;
    replaced_stderr& operator=(const replaced_stderr&) = delete;

private:
    descriptor own_;
};

struct ends
{
    descriptor read, write;
};

ends make_pipe(int flags = 0)
{
    std::array<int, 2> fds{};
    BOOST_REQUIRE(::pipe2(fds.data(), O_CLOEXEC | flags) == 0);
    return {descriptor(fds[0]), descriptor(fds[1])};
}

struct outcome
{
    std::size_t size;
    error_code error;
    int flags; ///< of stderr, afterwards
};

outcome write_to(int fd, std::string_view text)
{
    outcome seen{};
    const auto output = tandem::io::standard_error();
    const replaced_stderr replaced(fd);
    seen.size = output->write_some(text, seen.error);
    seen.flags = ::fcntl(STDERR_FILENO, F_GETFL);
    return seen;
}

std::string read_from(int fd, std::size_t most = std::size_t{1} << 20)
{
    std::string text(most, '\0');
    const ssize_t size = ::read(fd, text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

std::string lines(std::size_t size, std::size_t each = 100)
{
    std::string text;
    while (text.size() < size)
        text += std::string(each - 1, 'x') + '\n';
    return text;
}

constexpr int nobody = 65534; // the user

constexpr std::size_t more_than_it_holds = std::size_t{1} << 20;

} // namespace

BOOST_AUTO_TEST_CASE(a_pipe_takes_what_it_holds_and_no_more)
{
    const auto [reader, writer] = make_pipe();
    const outcome seen = write_to(writer.get(), lines(more_than_it_holds));
    BOOST_TEST(seen.error == boost::asio::error::would_block);
    BOOST_TEST(seen.size > 0U);
    BOOST_TEST(seen.size % 100 == 0U, "a line is not whole: " << seen.size);
    BOOST_TEST((seen.flags & O_NONBLOCK) == 0);
    BOOST_TEST(read_from(reader.get()).size() == seen.size);
    const outcome next = write_to(writer.get(), "a\n");
    BOOST_TEST(!next.error);
    BOOST_TEST(next.size == 2U);
}

BOOST_AUTO_TEST_CASE(a_pipe_whose_writers_do_not_wait_takes_the_same)
{
    const auto [reader, writer] = make_pipe(O_NONBLOCK);
    const outcome seen = write_to(writer.get(), lines(more_than_it_holds));
    BOOST_TEST(seen.error == boost::asio::error::would_block);
    BOOST_TEST(seen.size % 100 == 0U);
    BOOST_TEST((seen.flags & O_NONBLOCK) != 0);
}

// As where /proc is missing, or the pipe is another user's.
BOOST_AUTO_TEST_CASE(a_pipe_that_cannot_be_opened_anew_takes_the_same,
                     *test::precondition([] { return ::geteuid() == 0; }, "only root can become another user"))
{
    const auto [reader, writer] = make_pipe();
    outcome seen{};
    bool is_refused = false;
    std::thread([&, fd = writer.get()] {
        ::syscall(SYS_setresuid, -1, nobody, -1); // this thread alone
        is_refused = ::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK) < 0;
        seen = write_to(fd, lines(more_than_it_holds));
    }).join();
    BOOST_TEST(is_refused);
    BOOST_TEST(seen.error == boost::asio::error::would_block);
    BOOST_TEST(seen.size > 0U);
    BOOST_TEST(seen.size % 100 == 0U);
}

namespace {

struct terminal
{
    terminal() : master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))
    {
        BOOST_REQUIRE(::grantpt(master.get()) == 0);
        BOOST_REQUIRE(::unlockpt(master.get()) == 0);
        std::array<char, 128> path{};
        BOOST_REQUIRE(::ptsname_r(master.get(), path.data(), path.size()) == 0);
        name = path.data();
        BOOST_REQUIRE(::chmod(name.c_str(), S_IRUSR | S_IWUSR) == 0);
    }
    descriptor master;
    std::string name;
};

bool is_root()
{
    return ::geteuid() == 0;
}

} // namespace

// A terminal that poll() finds writable takes a part of a piece, and waits with the rest.
BOOST_AUTO_TEST_CASE(a_terminal_that_cannot_be_opened_anew_takes_nothing,
                     *test::precondition(is_root, "only root can become another user"))
{
    const terminal other;
    const descriptor opened(::open(other.name.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
    BOOST_REQUIRE(static_cast<bool>(opened));
    outcome seen{};
    std::thread([&] {
        ::syscall(SYS_setresuid, -1, nobody, -1);
        seen = write_to(opened.get(), lines(more_than_it_holds));
    }).join();
    BOOST_TEST(seen.error.value() == EACCES, seen.error.message());
    BOOST_TEST(seen.size == 0U);
}

// As after su: its owner is another user.
BOOST_AUTO_TEST_CASE(the_controlling_terminal_takes_what_it_holds_also_where_it_is_another_users,
                     *test::precondition(is_root, "only root can become another user"))
{
    const terminal own;
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        const int opened = ::open(own.name.c_str(), O_WRONLY); // and so it is the controlling one
        ::syscall(SYS_setresuid, nobody, nobody, nobody);
        if (opened < 0 || ::open(own.name.c_str(), O_WRONLY) >= 0)
            ::_exit(1);
        ::dup2(opened, STDERR_FILENO);
        error_code error;
        const std::size_t size = tandem::io::standard_error()->write_some(lines(more_than_it_holds), error);
        ::_exit(error != boost::asio::error::would_block ? 2 : size == 0 ? 3 : 0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(lines_that_another_process_could_cut_are_written_in_one_piece)
{
    const auto [reader, writer] = make_pipe(O_DIRECT | O_NONBLOCK); // which keeps pieces apart
    const outcome seen = write_to(writer.get(), lines(20'000, 999));
    BOOST_TEST(!seen.error);
    std::size_t size = 0;
    for (std::string piece; size != seen.size; size += piece.size()) {
        piece = read_from(reader.get(), PIPE_BUF);
        BOOST_REQUIRE(!piece.empty());
        BOOST_TEST(piece.back() == '\n');
    }
}

BOOST_AUTO_TEST_CASE(a_socket_takes_what_it_holds_and_no_more)
{
    std::array<int, 2> fds{};
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    descriptor reader(fds[0]);
    const descriptor writer(fds[1]);
    const outcome seen = write_to(writer.get(), lines(more_than_it_holds));
    BOOST_TEST(seen.error == boost::asio::error::would_block);
    BOOST_TEST(seen.size > 0U);
    BOOST_TEST((seen.flags & O_NONBLOCK) == 0);
    reader.close();
    const outcome next = write_to(writer.get(), "a\n");
    BOOST_TEST(next.error == boost::system::errc::broken_pipe);
}

BOOST_AUTO_TEST_CASE(a_terminal_that_nobody_reads_takes_what_it_holds_and_no_more)
{
    const descriptor terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    BOOST_REQUIRE((terminal && ::grantpt(terminal.get()) == 0 && ::unlockpt(terminal.get()) == 0));
    std::array<char, 64> name{};
    BOOST_REQUIRE(::ptsname_r(terminal.get(), name.data(), name.size()) == 0);
    const descriptor writer(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    BOOST_REQUIRE(writer);
    const outcome seen = write_to(writer.get(), lines(more_than_it_holds));
    BOOST_TEST(seen.error == boost::asio::error::would_block);
    BOOST_TEST(seen.size > 0U);
    BOOST_TEST((seen.flags & O_NONBLOCK) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_is_written_where_it_is)
{
    std::string name = "/tmp/tandem-stderr-XXXXXX";
    const descriptor file(::mkstemp(name.data()));
    BOOST_REQUIRE(file);
    ::unlink(name.c_str());
    BOOST_REQUIRE(::write(file.get(), "before\n", 7) == 7);
    const outcome seen = write_to(file.get(), "a\n");
    BOOST_TEST(!seen.error);
    BOOST_REQUIRE(::write(file.get(), "after\n", 6) == 6);
    BOOST_REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
    BOOST_TEST(read_from(file.get()) == "before\na\nafter\n");
}

BOOST_AUTO_TEST_CASE(no_signal_comes_out_of_it)
{
    rlimit before{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    std::string name = "/tmp/tandem-stderr-XXXXXX";
    const descriptor file(::mkstemp(name.data()));
    BOOST_REQUIRE(file);
    ::unlink(name.c_str());
    rlimit small = before;
    small.rlim_cur = 1000;
    BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const outcome over_limit = write_to(file.get(), lines(10'000));
    BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    BOOST_TEST(over_limit.error == boost::system::errc::file_too_large);
    BOOST_TEST(over_limit.size == 1000U);

    auto [reader, writer] = make_pipe();
    reader.close();
    const outcome unread = write_to(writer.get(), "a\n");
    BOOST_TEST(unread.error == boost::system::errc::broken_pipe);
    BOOST_TEST(unread.size == 0U);

    sigset_t pending;
    ::sigpending(&pending);
    BOOST_TEST(::sigismember(&pending, SIGPIPE) == 0);
    BOOST_TEST(::sigismember(&pending, SIGXFSZ) == 0);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_an_error)
{
    const descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    BOOST_REQUIRE(full);
    BOOST_TEST(write_to(full.get(), "a\n").error == boost::system::errc::no_space_on_device);
    BOOST_TEST(write_to(-1, "a\n").error == boost::system::errc::bad_file_descriptor);
}

BOOST_AUTO_TEST_SUITE_END()
