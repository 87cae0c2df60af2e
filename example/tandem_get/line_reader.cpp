#include "tandem_get/line_reader.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace {

constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t longest_line = 1024 * 1024;

[[noreturn]] void throw_errno(const std::string& what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

/// Editors of Windows begin a file with it.
void drop_byte_order_mark(std::string& line, const std::string& path)
{
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (line.starts_with(mark)) {
        line.erase(0, mark.size());
    } else if (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff")) {
        throw std::runtime_error(path + ": this is UTF-16; make it UTF-8: iconv -f UTF-16 -t UTF-8");
    }
}

} // namespace

line_reader::line_reader(const std::string& path)
    : path_(path == "-" ? "standard input" : path),
      file_(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
      stop_event_(-1)
{
    if (file_ < 0) {
        throw_errno(path == "-" ? path_ : "--input " + path_);
    }
    stop_event_ = ::eventfd(0, EFD_CLOEXEC);
    if (stop_event_ < 0) {
        ::close(file_);
        throw_errno("eventfd");
    }
}

line_reader::~line_reader()
{
    ::close(stop_event_);
    ::close(file_);
}

std::vector<std::string> line_reader::read()
{
    std::vector<std::string> lines;
    std::size_t size = 0;
    // As long as there is no line; then what is there already, so that the end of a short file is seen at once.
    while (!ended_ && (lines.empty() || size < piece_size) && wait(lines.empty() ? -1 : 0)) {
        const std::size_t before = rest_.size();
        const std::size_t more = read_piece();
        size += more;
        ended_ = more == 0;
        take_lines(lines, before);
    }
    return lines;
}

void line_reader::take_lines(std::vector<std::string>& lines, std::size_t searched)
{
    std::size_t begin = 0;
    const auto take = [&](std::string line) {
        if (std::exchange(first_, false)) {
            drop_byte_order_mark(line, path_);
        }
        lines.push_back(std::move(line));
    };
    for (std::size_t end = searched; (end = rest_.find('\n', end)) != std::string::npos; begin = ++end) {
        const bool carriage_return = end > begin && rest_[end - 1] == '\r';
        take(rest_.substr(begin, end - begin - (carriage_return ? 1 : 0)));
    }
    rest_.erase(0, begin);
    if (ended_ && !rest_.empty()) {
        take(std::exchange(rest_, {}));
    }
    if (rest_.size() > longest_line) {
        throw std::runtime_error(path_ + ": a line of more than 1 MiB: this is not a list of URLs");
    }
}

void line_reader::stop()
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_event_, &one, sizeof one);
}

/// Until there is something to read; -1 milliseconds: however long that takes. False where there is nothing, or it is
/// to stop.
bool line_reader::wait(int milliseconds)
{
    std::array<pollfd, 2> watched{pollfd{stop_event_, POLLIN, 0}, pollfd{file_, POLLIN, 0}};
    while (::poll(watched.data(), watched.size(), milliseconds) < 0) {
        if (errno != EINTR) {
            throw_errno("poll");
        }
    }
    return watched[0].revents == 0 && watched[1].revents != 0;
}

/// Returns how many bytes came; 0 at the end.
std::size_t line_reader::read_piece()
{
    const std::size_t before = rest_.size();
    rest_.resize(before + piece_size);
    ssize_t size = 0;
    while ((size = ::read(file_, rest_.data() + before, piece_size)) < 0 && errno == EINTR) {
    }
    if (size < 0) {
        rest_.resize(before);
        throw_errno(path_);
    }
    rest_.resize(before + static_cast<std::size_t>(size));
    return static_cast<std::size_t>(size);
}
