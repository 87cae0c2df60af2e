#include <process_pool/worker_log.hpp>

#include <boost/asio/error.hpp>

#include <array>
#include <span>

namespace tandem::detail {
namespace {

constexpr std::size_t tail_size = 4096;
constexpr std::size_t longest_line = 4096; // beyond it, a line is passed on in parts

} // namespace

bool worker_log::read_some(std::string& lines)
{
    std::array<char, 4096> buffer;
    boost::system::error_code error;
    const std::size_t size = in_->read_some(std::as_writable_bytes(std::span(buffer)), error);
    if (error) {
        at_end_ = error != boost::asio::error::would_block && error != boost::asio::error::try_again;
        return false;
    }
    add({buffer.data(), size}, lines);
    return true;
}

void worker_log::add(std::string_view text, std::string& lines)
{
    tail_ += text;
    if (tail_.size() > tail_size)
        tail_.erase(0, tail_.size() - tail_size);
    line_ += text;
    const std::size_t whole = line_.rfind('\n') + 1; // of none, nothing
    const std::size_t end = line_.size() - whole > longest_line ? line_.size() : whole;
    lines.append(line_, 0, end);
    line_.erase(0, end);
}

} // namespace tandem::detail
