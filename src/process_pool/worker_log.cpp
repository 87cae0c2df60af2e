#include <process_pool/worker_log.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace tandem::detail {
namespace {

constexpr std::size_t tail_size = 4096;
constexpr std::size_t longest_line = 4096; // beyond it, a line is passed on in parts

} // namespace

bool worker_log::read_some()
{
    std::array<char, 4096> buffer;
    boost::system::error_code error;
    position_.begin_read();
    const std::size_t size = in_->read_some(std::as_writable_bytes(std::span(buffer)), error);
    position_.end_read(error ? 0 : size);
    if (error) {
        at_end_ = error != boost::asio::error::would_block && error != boost::asio::error::try_again;
        return false;
    }
    received_ += size;
    tail_.append(buffer.data(), size);
    if (tail_.size() > tail_size)
        tail_.erase(0, tail_.size() - tail_size);
    text_.append(buffer.data(), size);
    return true;
}

std::string worker_log::take_lines(std::uint64_t end)
{
    const std::uint64_t taken = received_ - text_.size();
    const auto size = static_cast<std::size_t>(std::clamp(end, taken, received_) - taken);
    if (size == 0)
        return {};
    line_.append(text_, 0, size);
    text_.erase(0, size);
    const std::size_t whole = line_.rfind('\n') + 1; // of none, nothing
    const std::size_t lines = line_.size() - whole > longest_line ? line_.size() : whole;
    std::string taken_lines(line_, 0, lines);
    line_.erase(0, lines);
    return taken_lines;
}

} // namespace tandem::detail
