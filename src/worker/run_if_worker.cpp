#include <tandem/worker.hpp>

#include <asymmetric_fence.hpp>
#include <channel/hello.hpp>
#include <control_guard.hpp>
#include <descriptor.hpp>
#include <process_mark.hpp>
#include <status/shared_page.hpp>
#include <tandem/codec.hpp>
#include <worker/crash_handler.hpp>
#include <worker/large_values.hpp>
#include <worker/limits.hpp>
#include <worker/marker.hpp>
#include <worker/task_loop.hpp>
#include <worker/watcher.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace tandem {
namespace {

// Protocol descriptors go where no printf, and no program that a task starts, can reach them.
int move_away(int fd)
{
    const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (moved < 0)
        throw std::system_error(errno, std::generic_category(), "taking over the protocol's pipes");
    ::close(fd);
    return moved;
}

void put(const char* path, int flags, int fd)
{
    const int opened = ::open(path, flags | O_CLOEXEC);
    if (opened < 0)
        throw std::system_error(errno, std::generic_category(), path);
    if (opened != fd) {
        ::dup2(opened, fd);
        ::close(opened);
    } else {
        ::fcntl(fd, F_SETFD, 0);
    }
}

extern "C" void tandem_on_broken_pipe(int) {}

// A result that nobody reads any more: the parent is gone, and the watcher ends this process. A handler, as the programs
// that a task starts would go on ignoring what this process ignores. What the program has set itself stays.
void survive_broken_pipes()
{
    struct sigaction action = {};
    ::sigaction(SIGPIPE, nullptr, &action);
    if (action.sa_flags & SA_SIGINFO || action.sa_handler != SIG_DFL)
        return;
    action = {};
    action.sa_handler = tandem_on_broken_pipe;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    ::sigaction(SIGPIPE, &action, nullptr);
}

void say_hello(worker::frame_stream& frames, const std::vector<const detail::task_entry*>& tasks)
{
    channel::hello message{.pid = ::getpid(), .tasks = {}};
    for (const auto* entry : tasks)
        message.tasks.emplace_back(entry->mangled_name());
    const auto begin = channel::begin_frame(frames.outgoing(), channel::frame_kind::hello, channel::hello_id);
    encode(frames.outgoing(), message);
    channel::end_frame(frames.outgoing(), begin);
    frames.flush();
}

// Nothing where the pool does not want this worker any more.
std::optional<channel::worker_settings> read_settings(worker::frame_stream& frames)
{
    const auto f = frames.read();
    if (!f)
        return std::nullopt;
    if (f->kind != channel::frame_kind::settings)
        throw std::runtime_error("the pool did not begin with its settings");
    return decode<channel::worker_settings>(f->payload);
}

template <class StartWatcher>
void serve(worker::frame_stream& frames, status::status_page& page, StartWatcher start_watcher)
{
    auto tasks = detail::registered_tasks();
    say_hello(frames, tasks);
    const auto settings = read_settings(frames);
    if (!settings)
        return;
    // Before there are other threads: some limits are a thread's, and the environment is nobody's. One that cannot be
    // applied ends the worker; what it prints then tells the pool why.
    worker::large_values large(*settings);
    worker::apply(settings->limits, large.mapped());
    process_mark::set();
    asymmetric_fence::prepare();
    worker::install_crash_handler(page.crash);
    worker::watcher& watcher = start_watcher(settings->limits.resident_memory);
    worker::task_loop(frames, page, watcher, std::move(tasks), *settings, large).run();
}

void serve()
{
    worker::frame_stream frames(move_away(worker::frames_in), move_away(worker::frames_out));
    const int control = move_away(worker::control_in);
    status::status_page& page = status::map_inherited_page(worker::status_page);
    put("/dev/null", O_RDONLY, worker::frames_in);
    ::dup2(worker::log_out, worker::frames_out);
    // As on a terminal: what a task printed is there when it crashes, and in order with what it wrote to stderr.
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    survive_broken_pipes();

    // Its thread outlives static destructors.
    const auto start_watcher = [&](std::uint64_t resident_memory) -> worker::watcher& {
        static auto& watcher = *new worker::watcher(control, page, resident_memory);
        return watcher;
    };
    control_guard::lift(control); // nothing from here to the watcher's start takes long
    try {
        serve(frames, page, start_watcher);
    } catch (...) {
        start_watcher(0);
        throw;
    }
    start_watcher(0); // if it has none: the exit may take long
}

} // namespace

void run_if_worker()
{
    open_standard_streams();
    worker::take_over_main();
    if (!worker::awaits_service())
        return;
    worker::begin_service();
    int code = EXIT_SUCCESS;
    try {
        serve();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "tandem worker: %s\n", e.what());
        code = EXIT_FAILURE;
    }
    std::exit(code);
}

} // namespace tandem
