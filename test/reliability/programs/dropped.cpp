// dropped GATE HOW END: a program that may not send its worker a signal any more, and ends it all the same.
// HOW: by a "filter" of system calls, or as another "user". Returns 0 where the worker's task ended as it should, in time.
#include <support/gate.hpp>
#include <support/refused_call.hpp>

#include <tandem/error.hpp>
#include <tandem/process_pool.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <future>
#include <optional>
#include <string>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

void loop_for_ever(const std::string& gate_path)
{
    test::announce(gate_path);
    for (;;)
        ::pause();
}

bool refuse_signals()
{
    return test::refuse_call(SYS_kill, EPERM) && test::refuse_call(SYS_pidfd_send_signal, EPERM);
}

bool become_nobody()
{
    constexpr uid_t nobody = 65534;
    return ::setresuid(nobody, nobody, nobody) == 0;
}

} // namespace

int main(int, char** argv)
{
    tandem::run_if_worker();
    const std::string place = argv[1], how = argv[2], end = argv[3];
    asio::thread_pool context{2};
    std::optional<tandem::process_pool> pool(std::in_place, context,
                                             tandem::process_pool_options{.workers = 1, .stop_timeout = 0ns});
    asio::cancellation_signal signal;
    std::promise<std::exception_ptr> ended;
    pool->async_run(tandem::task<loop_for_ever>(place),
                    tandem::run_options{.run_timeout = end == "deadline" ? 1s : 0s},
                    asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { ended.set_value(e); }));
    while (std::filesystem::is_empty(place))
        ::usleep(1000);
    if (!(how == "user" ? become_nobody() : refuse_signals()))
        return 2;
    std::future<void> shut;
    if (end == "cancellation")
        signal.emit(asio::cancellation_type::terminal);
    if (end == "shutdown")
        shut = pool->async_shutdown(tandem::shutdown_mode::kill, asio::use_future);
    const auto start = std::chrono::steady_clock::now();
    if (end == "destructor")
        pool.reset();
    if (std::chrono::steady_clock::now() - start > 4s) // the process was given up
        return 3;
    auto error = ended.get_future();
    if (error.wait_for(20s) != std::future_status::ready)
        ::_exit(4);
    if (shut.valid() && shut.wait_for(20s) != std::future_status::ready)
        ::_exit(5);
    try {
        std::rethrow_exception(error.get());
    } catch (const boost::system::system_error& e) {
        std::fprintf(stderr, "%s, %s: %s\n", how.c_str(), end.c_str(), e.what());
        const bool right = end == "deadline" ? e.code() == tandem::errc::run_timeout
                                             : e.code() == asio::error::operation_aborted;
        ::_exit(right ? 0 : 6);
    }
}
