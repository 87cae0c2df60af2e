// Counts that each thread keeps for itself.
#include <thread_pool/plain_counts.hpp>
#include <thread_pool/thread_number.hpp>

#include <boost/test/unit_test.hpp>

#include <barrier>
#include <cstddef>
#include <set>
#include <thread>
#include <vector>

using tandem::detail::plain_counts;
using tandem::detail::thread_number;

BOOST_AUTO_TEST_SUITE(counts)

BOOST_AUTO_TEST_CASE(none_is_lost_among_more_threads_than_there_are_parts)
{
    constexpr std::size_t threads = 100, each = 2'000;
    plain_counts seen;
    std::barrier together(threads);
    {
        std::vector<std::jthread> all;
        for (std::size_t i = 0; i != threads; ++i)
            all.emplace_back([&] {
                together.arrive_and_wait();
                for (std::size_t k = 0; k != each; ++k) {
                    seen.submitted();
                    seen.begun();
                    seen.ended();
                }
                together.arrive_and_wait(); // so that all have numbers of their own
            });
    }
    const auto totals = seen.read();
    BOOST_TEST(totals.submitted == threads * each);
    BOOST_TEST(totals.begun == threads * each);
    BOOST_TEST(totals.ended == threads * each);
}

BOOST_AUTO_TEST_CASE(a_number_belongs_to_one_living_thread_and_is_given_again)
{
    constexpr std::size_t threads = 20;
    const std::size_t mine = thread_number();
    std::size_t highest = 0; // of the first round
    for (int round = 0; round != 3; ++round) {
        std::vector<std::size_t> first(threads), again(threads);
        std::barrier together(threads);
        {
            std::vector<std::jthread> all;
            for (std::size_t i = 0; i != threads; ++i)
                all.emplace_back([&, i] {
                    first[i] = thread_number();
                    together.arrive_and_wait();
                    again[i] = thread_number();
                });
        }
        BOOST_TEST(first == again, boost::test_tools::per_element());
        const std::set<std::size_t> distinct(first.begin(), first.end());
        BOOST_TEST(distinct.size() == threads);
        BOOST_TEST(!distinct.contains(mine));
        if (round == 0)
            highest = *distinct.rbegin();
        BOOST_TEST(*distinct.rbegin() <= highest);
    }
}

BOOST_AUTO_TEST_SUITE_END()
