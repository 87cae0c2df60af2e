#include <io/text_output.hpp>

#include <blocked_signal.hpp>
#include <descriptor.hpp>

#include <boost/asio/error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
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

// How stderr is written to without waiting. Its own flags are not ours to change: it is shared with other processes.
class access
{
public:
    access()
    {
        struct stat status{};
        if (::fstat(STDERR_FILENO, &status) != 0)
            return; // it is closed: writing says so
        is_socket_ = S_ISSOCK(status.st_mode);
        const bool is_pipe = S_ISFIFO(status.st_mode);
        if (!is_pipe && !(S_ISCHR(status.st_mode) && ::isatty(STDERR_FILENO) == 1))
            return;
        if (const int flags = ::fcntl(STDERR_FILENO, F_GETFL); flags >= 0 && (flags & O_NONBLOCK) != 0)
            return;
        // A description of our own, with our own flags. Not of a file: it would have a position of its own too.
        own_ = descriptor(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        // Another user's pipe cannot be opened, nor where there is no /proc. A pipe that poll() finds writable takes a piece.
        // Where another writer fills it in between, writing waits for the reader.
        asks_first_ = !own_;
    }

    ssize_t write(std::string_view piece) const noexcept
    {
        if (is_socket_)
            return ::send(STDERR_FILENO, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        pollfd room{STDERR_FILENO, POLLOUT, 0};
        if (asks_first_ && ::poll(&room, 1, 0) <= 0) {
            errno = EAGAIN;
            return -1;
        }
        return ::write(own_ ? own_.get() : STDERR_FILENO, piece.data(), piece.size());
    }

private:
    bool is_socket_ = false;
    bool asks_first_ = false;
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
