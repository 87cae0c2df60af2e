#include <worker/watcher.hpp>

#include <worker/limits.hpp>
#include <worker/memory_use.hpp>
#include <worker/own_thread.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace tandem::worker {
namespace {

// How long an idle worker may take to exit by itself after its parent closed the pipes or died: its static destructors
// run in it. Half of the second after which nothing of a dead parent's is left.
constexpr std::chrono::milliseconds exit_time{500};

} // namespace

watcher::watcher(int control, status::status_page& page, std::uint64_t resident_memory)
    : control_(control), page_(page), resident_memory_(resident_memory)
{
    // A stopped worker would not see that its parent is gone. Comes also when the parent's thread ends that started this
    // worker, which is why it is no signal that ends one.
    ::prctl(PR_SET_PDEATHSIG, SIGCONT);
    start_own_thread([this] { watch(); });
}

void watcher::watch()
{
    for (;;) {
        wait_for_control();
        std::uint64_t id = 0;
        const ssize_t size = ::read(control_, &id, sizeof id); // an id is written whole: it is below PIPE_BUF
        if (size == static_cast<ssize_t>(sizeof id))
            task_.ask_to_stop(id);
        else if (size >= 0 || errno != EINTR)
            parent_is_gone();
    }
}

void watcher::wait_for_control()
{
    if (resident_memory_ == 0)
        return; // read() waits as well
    pollfd control{control_, POLLIN, 0};
    while (::poll(&control, 1, static_cast<int>(resident_memory_interval.count())) == 0) {
        if (resident_bytes() <= resident_memory_ || !task_.is_there())
            continue;
        page_.over_memory_limit.store(1, std::memory_order_release);
        kill_own_group();
    }
}

void watcher::parent_is_gone()
{
    if (!task_.is_there())
        std::this_thread::sleep_for(exit_time);
    kill_own_group();
}

void kill_own_group() noexcept
{
    ::kill(-::getpid(), SIGKILL); // the rest of it, too, where this process has gone to another group
    ::kill(::getpid(), SIGKILL);
    ::_exit(1);
}

} // namespace tandem::worker
