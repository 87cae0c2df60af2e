// A task that overwrites the times that its worker tells the pool.
#include <support/failing.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <status/status_page.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::task;

BOOST_AUTO_TEST_SUITE(forged_times)

namespace {

using tandem::status::slot;

slot* find_slots()
{
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        if (line.find("tandem-status") != std::string::npos) {
            std::uintptr_t address = 0;
            std::istringstream(line) >> std::hex >> address;
            return reinterpret_cast<tandem::status::status_page*>(address)->slots.data();
        }
    throw std::runtime_error("no status page");
}

void forge(std::int64_t begun, std::int64_t ended)
{
    // As a stray pointer does it.
    static_assert(sizeof(slot) == 4 * sizeof(std::int64_t));
    slot* const slots = find_slots();
    for (std::size_t i = 0; i != tandem::status::slot_count; ++i) {
        auto* const words = reinterpret_cast<volatile std::int64_t*>(slots + i);
        words[2] = begun;
        words[3] = ended;
    }
}

int forge_and_return(std::int64_t begun, std::int64_t ended)
{
    forge(begun, ended);
    return 1;
}

void forge_and_stay(std::int64_t begun, std::int64_t ended)
{
    forge(begun, ended);
    for (;;)
        std::this_thread::sleep_for(1s);
}

constexpr std::int64_t extremes[] = {std::numeric_limits<std::int64_t>::min(), -1, 0,
                                     std::numeric_limits<std::int64_t>::max()};

} // namespace

BOOST_AUTO_TEST_CASE(they_keep_no_deadline_from_passing)
{
    processes side(1);
    for (const std::int64_t begun : extremes)
        for (const std::int64_t ended : extremes) {
            const failure f = fails(side.pool, task<forge_and_stay>(begun, ended), {.run_timeout = 100ms});
            BOOST_TEST(f.code == errc::run_timeout, "begun " << begun << ", ended " << ended << ": " << f.what);
            BOOST_TEST(f.report.run_time.count() >= 0, "begun " << begun << ", ended " << ended);
        }
}

BOOST_AUTO_TEST_CASE(a_result_counts)
{
    processes side(1);
    for (const std::int64_t begun : extremes)
        for (const std::int64_t ended : extremes)
            for (int i = 0; i != 3; ++i)
                BOOST_TEST(get_soon(side.pool.async_run(task<forge_and_return>(begun, ended),
                                                        tandem::run_options{.run_timeout = 10s}, asio::use_future)) == 1);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_SUITE_END()
