// host GATE: a program whose four workers loop for ever. It is there to be killed.
#include <support/gate.hpp>

#include <tandem/process_pool.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <string>

namespace {

std::atomic<unsigned> turns{0};

void loop_for_ever(const std::string& gate_path)
{
    test::announce(gate_path);
    for (;;)
        turns.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

int main(int, char** argv)
{
    tandem::run_if_worker();
    boost::asio::io_context context;
    tandem::process_pool pool(context, {.workers = 4});
    for (int i = 0; i != 4; ++i)
        pool.async_run(tandem::task<loop_for_ever>(argv[1]), [](const std::exception_ptr&) {});
    context.run();
}
