// host GATE KIND: a program with workers, there to be killed. Each of them announces itself at the gate, and then
//   loops    never ends its task
//   locks    never ends it, and holds a lock that its stop callback waits for; it is asked to stop
//   builds   is at its static objects for a long time
//   foreign  is at the begin of main for a long time, as a program that knows nothing of tandem
#include <support/gate.hpp>

#include <tandem/process_pool.hpp>
#include <tandem/this_task.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;

constexpr auto long_time = std::chrono::seconds(30);
constexpr const char* slow_static_objects = "TANDEM_TEST_SLOW_STATIC_OBJECTS"; // and the gate

std::atomic<unsigned> turns{0};

void loop_for_ever(const std::string& gate_path)
{
    test::announce(gate_path);
    for (;;)
        turns.fetch_add(1, std::memory_order_relaxed);
}

void lock_for_ever(const std::string& gate_path)
{
    std::mutex mutex;
    const std::lock_guard held(mutex);
    const std::stop_callback waits(tandem::this_task::stop_token(), [&] {
        test::announce(gate_path);
        const std::lock_guard lock(mutex);
    });
    loop_for_ever(gate_path);
}

bool have_begun(const std::string& gate_path, std::size_t tasks)
{
    const std::filesystem::directory_iterator first(gate_path);
    return static_cast<std::size_t>(std::distance(begin(first), end(first))) == tasks;
}

const struct static_object
{
    static_object()
    {
        const char* const gate_path = std::getenv(slow_static_objects);
        if (!gate_path || !tandem::is_worker())
            return;
        test::announce(gate_path);
        std::this_thread::sleep_for(long_time);
    }
} object;

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 1) { // the foreign one
        test::announce(arguments[0]);
        std::this_thread::sleep_for(long_time);
        return 0;
    }
    tandem::run_if_worker();
    const std::string &gate_path = arguments.at(0), &kind = arguments.at(1);
    if (kind == "builds")
        ::setenv(slow_static_objects, gate_path.c_str(), 1);
    constexpr std::size_t workers = 4;
    tandem::process_pool_options options;
    options.workers = workers;
    if (kind == "foreign")
        options.worker = tandem::launch::executable(argv[0], {gate_path});
    asio::io_context context;
    tandem::process_pool pool(context, options);
    asio::cancellation_signal signals[workers];
    for (auto& signal : signals) {
        auto handler = asio::bind_cancellation_slot(signal.slot(), [](const std::exception_ptr&) {});
        if (kind == "locks")
            pool.async_run(tandem::task<lock_for_ever>(gate_path), std::move(handler));
        else
            pool.async_run(tandem::task<loop_for_ever>(gate_path), std::move(handler));
    }
    while (kind == "locks" && !have_begun(gate_path, workers))
        context.run_for(std::chrono::milliseconds(10));
    for (auto& signal : signals)
        if (kind == "locks")
            signal.emit(asio::cancellation_type::partial);
    context.run();
}
