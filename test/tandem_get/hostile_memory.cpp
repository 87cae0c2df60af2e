// Memory does not grow with a list.
#include "tandem_get/hostile.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace test;

BOOST_AUTO_TEST_SUITE(memory)

namespace {

/// The most memory for a list of `count` URLs from the standard input, in KiB.
long memory_of(int count)
{
    const sandbox box;
    const std::string list = (box.own() / "list").string();
    {
        std::ofstream out(list, std::ios::binary);
        for (int i = 0; i != count; ++i) {
            out << "ftp://example.invalid/a/rather/long/path/so/that/it/would/show/if/it/were/kept/" << i << '\n';
        }
    }
    surroundings place = box.place();
    place.input = list;
    // AddressSanitizer keeps what was freed, for a while; not so much of it here.
    place.environment.push_back("ASAN_OPTIONS=exitcode=99:quarantine_size_mb=1:thread_local_quarantine_size_kb=64");
    // Half a million lines of errors are not what this is about.
    place.output = box.own() / "said";
    const ended seen = process(box.command({"-i", "-", "-q"}), place).wait(std::chrono::minutes(3));
    BOOST_TEST(!seen.timed_out);
    BOOST_TEST(seen.status == 1);
    box.check_there({});
    return seen.max_rss;
}

} // namespace

BOOST_AUTO_TEST_CASE(of_a_list_is_flat)
{
    const int few = sanitized ? 2'000 : 20'000;
    const long small = memory_of(few);
    const long large = memory_of(10 * few);
    BOOST_TEST_MESSAGE(few << " URLs: " << small << " KiB, ten times as many: " << large << " KiB");
    BOOST_TEST(large - small < (sanitized ? 32 * 1024 : 3 * 1024));
}

BOOST_AUTO_TEST_SUITE_END()
