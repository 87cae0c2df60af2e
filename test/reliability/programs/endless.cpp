// endless GATE HOW: two workers loop for ever while the program ends, in the way that is named.
#include <support/gate.hpp>

#include <tandem/process_pool.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/thread_pool.hpp>

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

namespace {

std::atomic<unsigned> turns{0};

void loop_for_ever(const std::string& gate_path)
{
    test::announce(gate_path);
    for (;;)
        turns.fetch_add(1, std::memory_order_relaxed);
}

struct everything
{
    boost::asio::thread_pool context{2};
    tandem::process_pool pool{context, {.workers = 2}};
};

std::unique_ptr<everything> lasting; // destroyed with other statics

} // namespace

int main(int, char** argv)
{
    tandem::run_if_worker();
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const std::string gate = argv[1], how = argv[2];
    auto local = std::make_unique<everything>();
    for (int i = 0; i != 2; ++i)
        local->pool.async_run(tandem::task<loop_for_ever>(gate), [](const std::exception_ptr&) {});
    // Until both are at work.
    while (local->pool.stats().running != 2)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (how == "static" || how == "exit")
        lasting = std::move(local);
    if (how == "exit")
        std::exit(0);
    if (how == "quick_exit")
        std::quick_exit(0);
    if (how == "abort")
        std::abort();
    if (how == "stopped")
        for (;;)
            std::this_thread::sleep_for(std::chrono::seconds(1));
}
