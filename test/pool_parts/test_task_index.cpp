#include "simulated_pool.hpp"

#include <simulate/heap.hpp>
#include <support/sanitizer.hpp>

#include <process_pool/task_index.hpp>
#include <process_pool/wait_list.hpp>

namespace pool_parts {
namespace {

struct indexed
{
    recorded_operation& admit(const task_entry& entry, bool is_cancellable)
    {
        auto& operation = operations.emplace_back(entry);
        operation.id = operations.size();
        operation.cancellable = is_cancellable;
        tasks.admit(operation);
        return operation;
    }

    std::deque<recorded_operation> operations;
    task_index tasks;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(task_indexes, indexed)

BOOST_AUTO_TEST_CASE(only_cancellable_tasks_are_found)
{
    admit(first_entry(), false);
    recorded_operation& cancellable = admit(first_entry(), true);
    BOOST_TEST(tasks.find(1) == nullptr);
    BOOST_TEST(tasks.find(2) == &cancellable);
    BOOST_TEST(tasks.find(3) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_task_that_completes_is_not_found_any_more_and_the_others_are)
{
    recorded_operation& first = admit(first_entry(), true);
    recorded_operation& second = admit(first_entry(), true);
    recorded_operation& other = admit(first_entry(), false);
    tasks.forget(first);
    tasks.forget(other);
    BOOST_TEST(tasks.find(1) == nullptr);
    BOOST_TEST(tasks.find(2) == &second);
    BOOST_TEST(tasks.take_all() == &second);
    BOOST_TEST(tasks.find(2) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_task_for_which_there_is_no_memory_is_not_there)
{
    std::size_t failures = 0;
    for (bool is_admitted = false; !is_admitted;) {
        task_index index;
        recorded_operation operation;
        operation.id = 1;
        operation.cancellable = true;
        simulate::heap::fail_after(failures);
        try {
            index.admit(operation);
            is_admitted = true;
        } catch (const std::bad_alloc&) {
            ++failures;
            BOOST_TEST(index.find(1) == nullptr);
            BOOST_TEST(index.take_all() == nullptr);
        }
    }
    simulate::heap::fail_after(std::size_t(-1));
    BOOST_TEST_MESSAGE(failures << " allocations");
#if !defined(TANDEM_TEST_ADDRESS_SANITIZED) && !defined(TANDEM_TEST_THREAD_SANITIZED)
    BOOST_TEST(failures > 0);
#endif
}

BOOST_AUTO_TEST_CASE(tasks_far_apart_are_found_and_take_no_memory_when_they_are_gone)
{
    std::deque<recorded_operation> many(1000);
    task_index index;
    const std::size_t before = simulate::heap::blocks();
    for (std::size_t i = 0; i != many.size(); ++i) {
        many[i].id = i * 37;
        many[i].cancellable = true;
        index.admit(many[i]);
    }
    for (std::size_t i = 0; i != many.size(); i += 2) {
        index.forget(many[i]);
    }
    for (std::size_t i = 0; i != many.size(); ++i) {
        BOOST_REQUIRE(index.find(i * 37) == (i % 2 == 0 ? nullptr : &many[i]));
    }
    for (std::size_t i = 1; i < many.size(); i += 2) {
        index.forget(many[i]);
    }
    BOOST_TEST(simulate::heap::blocks() <= before + 5); // an estimate, the newest page, and both tables
}

BOOST_AUTO_TEST_CASE(all_that_are_left_are_taken_the_oldest_first)
{
    recorded_operation& first = admit(first_entry(), false);
    recorded_operation& second = admit(first_entry(), true);
    recorded_operation& third = admit(second_entry(), false);
    tasks.forget(second);
    tandem::schedule::task* const oldest = tasks.take_all();
    BOOST_REQUIRE(oldest == &first);
    BOOST_TEST(oldest->newer == &third);
    BOOST_TEST(third.newer == nullptr);
    BOOST_TEST(tasks.take_all() == nullptr);
}

BOOST_AUTO_TEST_CASE(the_calls_of_a_function_share_its_estimate_and_no_other_ones)
{
    BOOST_TEST(tasks.cost_of(first_entry()) == nullptr);
    recorded_operation& first = admit(first_entry(), true);
    recorded_operation& again = admit(first_entry(), true);
    recorded_operation& other = admit(second_entry(), true);
    recorded_operation& later = admit(first_entry(), true);
    BOOST_TEST(first.cost == again.cost);
    BOOST_TEST(first.cost == later.cost);
    BOOST_TEST(first.cost != other.cost);
    BOOST_TEST(tasks.cost_of(first_entry()) == first.cost);
    BOOST_TEST(tasks.cost_of(second_entry()) == other.cost);
}

BOOST_AUTO_TEST_CASE(an_estimate_outlives_the_tasks_that_it_was_learnt_from)
{
    recorded_operation& first = admit(first_entry(), true);
    BOOST_TEST(!tasks.cost_of(first_entry())->is_known());
    first.cost->add(5us);
    tasks.forget(first);
    BOOST_TEST(tasks.take_all() == nullptr);
    BOOST_REQUIRE(tasks.cost_of(first_entry()));
    BOOST_TEST(tasks.cost_of(first_entry())->mean().count() == 5000);
    BOOST_TEST(admit(first_entry(), false).cost->is_known());
}

BOOST_AUTO_TEST_CASE(a_task_counts_with_all_bytes_of_its_message)
{
    recorded_operation empty(first_entry(), 0), large(first_entry(), 70'000);
    tasks.admit(empty);
    tasks.admit(large);
    BOOST_TEST(empty.bytes == message_head_size);
    BOOST_TEST(large.bytes == message_head_size + 70'000);
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_the_same_complete_once_and_in_their_order)
{
    int destructions = 0;
    completion_batch completions;
    wait_list waits;
    BOOST_TEST(waits.empty());
    waits.complete_all(nullptr, completions);
    BOOST_TEST(completions.waits.size() == 0);
    auto first = std::make_unique<recorded_wait>(destructions);
    auto second = std::make_unique<recorded_wait>(destructions);
    const wait_operation* const expected[] = {first.get(), second.get()};
    waits.add(std::move(first));
    waits.add(std::move(second));
    BOOST_TEST(!waits.empty());
    waits.complete_all(std::make_exception_ptr(std::runtime_error("a failure")), completions);
    BOOST_TEST(waits.empty());
    BOOST_REQUIRE(completions.waits.size() == 2);
    for (std::size_t i = 0; i != 2; ++i) {
        BOOST_TEST(completions.waits[i].first.get() == expected[i]);
        BOOST_TEST(test::describe(completions.waits[i].second) == "std::runtime_error: a failure");
    }
    waits.complete_all(nullptr, completions);
    BOOST_TEST(completions.waits.size() == 2);
    BOOST_TEST(destructions == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
