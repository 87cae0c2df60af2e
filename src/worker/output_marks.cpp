#include <worker/output_marks.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>

namespace tandem::worker {
namespace {

constexpr int first_descriptor = 10; // that no program expects to have
constexpr int first_counts = 16;     // the quickest of so many was not interrupted

} // namespace

output_marks::output_marks(status::status_page& page, bool is_wanted, int log) : page_(page)
{
    if (!is_wanted)
        return;
    log_ = ::fcntl(log, F_DUPFD_CLOEXEC, first_descriptor); // tasks may put another one in its place
    if (log_ < 0)
        throw std::system_error(errno, std::generic_category(), "taking over the log");
    for (int i = 0; i != first_counts; ++i)
        count();
}

// To print takes longer than to ask, as that is a system call which takes the same lock and does less. Half of it, as processors
// become quicker at times.
void output_marks::count() noexcept
{
    const auto begin = clock::now();
    printed_ = ask();
    shortest_print_ = std::min(shortest_print_, (clock::now() - begin) / 2);
}

// What the pool has read, and what it has not. It must not read in between.
std::uint64_t output_marks::ask() const noexcept
{
    auto& log = page_.log;
    for (;;) {
        const std::uint64_t turn = log.turn.load(std::memory_order_seq_cst);
        const std::uint64_t read = log.read.load(std::memory_order_seq_cst);
        int unread = 0;
        ::ioctl(log_, FIONREAD, &unread);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (turn % 2 == 0 && log.turn.load(std::memory_order_seq_cst) == turn)
            return read + static_cast<std::uint64_t>(unread);
        std::this_thread::yield();
    }
}

} // namespace tandem::worker
