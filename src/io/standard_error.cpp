#include <io/text_output.hpp>

#include <blocked_signal.hpp>
#include <descriptor.hpp>

#include <boost/asio/error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace tandem::io {
namespace {

using boost::system::error_code;

// Whole lines, where one is not longer, and no more than a pipe takes in one piece: other processes write there too.
std::string_view first_piece(std::string_view text)
{
    const std::string_view most = text.substr(0, PIPE_BUF);
    const auto end = most.rfind('\n');
    return most.size() == text.size() || end == std::string_view::npos ? most : most.substr(0, end + 1);
}

// A description of our own, with our own flags. The one that is there is shared with other processes.
descriptor open_anew(const char* path)
{
    return descriptor(::open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool is_same_terminal(int one, int other)
{
    unsigned device = 0;
    unsigned other_device = 0;
    return ::ioctl(one, TIOCGDEV, &device) == 0 && ::ioctl(other, TIOCGDEV, &other_device) == 0 && device == other_device;
}

// How stderr is written to without waiting.
class access
{
public:
    access()
    {
        struct stat status{};
        if (::fstat(STDERR_FILENO, &status) != 0)
            return; // it is closed: writing says so
        const bool is_terminal = S_ISCHR(status.st_mode) && ::isatty(STDERR_FILENO) == 1;
        if (S_ISSOCK(status.st_mode)) {
            way_ = way::by_send;
            return;
        }
        if (!S_ISFIFO(status.st_mode) && !is_terminal)
            return; // not of a file: it would have a position of its own too
        if (const int flags = ::fcntl(STDERR_FILENO, F_GETFL); flags >= 0 && (flags & O_NONBLOCK) != 0)
            return;
        // Another user's cannot be opened, nor any where there is no /proc.
        own_ = open_anew("/proc/self/fd/2");
        if (!own_ && is_terminal) {
            own_ = open_anew("/dev/tty"); // needs no right to the device
            if (own_ && !is_same_terminal(own_.get(), STDERR_FILENO))
                own_ = descriptor();
        }
        way_ = own_ ? way::opened_anew : is_terminal ? way::none : way::ask_first;
    }

    ssize_t write(std::string_view piece) const noexcept
    {
        switch (way_) {
        case way::as_it_is:
            break;
        case way::opened_anew:
            return ::write(own_.get(), piece.data(), piece.size());
        case way::by_send:
            return ::send(STDERR_FILENO, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        case way::ask_first: {
            pollfd room{STDERR_FILENO, POLLOUT, 0};
            if (::poll(&room, 1, 0) > 0)
                break;
            errno = EAGAIN;
            return -1;
        }
        case way::none:
            errno = EACCES;
            return -1;
        }
        return ::write(STDERR_FILENO, piece.data(), piece.size());
    }

private:
    enum class way
    {
        as_it_is,    // it never waits
        opened_anew, // without waiting
        by_send,     // a socket
        ask_first,   // a pipe: where poll() finds it writable, it takes a piece, but where another writer fills it in between
        none         // a terminal takes a part of a piece, and waits with the rest
    };

    way way_ = way::as_it_is;
    descriptor own_;
};

class standard_error_output final : public text_output
{
public:
    std::size_t write_some(std::string_view text, error_code& error) noexcept override
    {
        const blocked_signal no_reader(SIGPIPE);
        const blocked_signal over_limit(SIGXFSZ);
        const access output;
        std::size_t written = 0;
        while (written != text.size()) {
            const ssize_t size = output.write(first_piece(text.substr(written)));
            if (size >= 0) {
                written += static_cast<std::size_t>(size);
                continue;
            }
            const int code = errno;
            if (code == EINTR)
                continue;
            if (code == EPIPE)
                no_reader.take();
            if (code == EFBIG)
                over_limit.take();
            error = code == EAGAIN ? error_code(boost::asio::error::would_block)
                                   : error_code(code, boost::system::system_category());
            return written;
        }
        error = {};
        return written;
    }
};

} // namespace

std::unique_ptr<text_output> standard_error()
{
    return std::make_unique<standard_error_output>();
}

} // namespace tandem::io
