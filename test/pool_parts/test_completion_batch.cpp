#include "simulated_pool.hpp"

#include <process_pool/completion_batch.hpp>

#include <array>
#include <cstdint>
#include <optional>

namespace pool_parts {
namespace {

class recorded_reader final : public large_reader
{
public:
    explicit recorded_reader(int& destructions) : destructions_(destructions) {}
    ~recorded_reader() override { ++destructions_; }
    const std::byte* find(std::uint64_t, std::size_t) override { return nullptr; }

private:
    int& destructions_;
};

std::vector<std::byte> message_number(std::size_t number, std::size_t size)
{
    return std::vector<std::byte>(size, static_cast<std::byte>('a' + number));
}

} // namespace

BOOST_AUTO_TEST_SUITE(completion_batches)

BOOST_AUTO_TEST_CASE(messages_stay_aligned_and_intact_however_many_follow)
{
    constexpr std::array<std::size_t, 9> sizes{0, 1, 15, 16, 17, 100'000, 0, 3, 64};
    std::deque<recorded_operation> operations(sizes.size());
    completion_batch batch;
    for (std::size_t i = 0; i != sizes.size(); ++i) {
        auto message = message_number(i, sizes[i]);
        batch.add(&operations[i], message, static_cast<int>(i), nullptr);
        std::ranges::fill(message, std::byte{0}); // it was copied
    }
    for (std::size_t i = 0; i != sizes.size(); ++i) {
        const auto* const task = batch.next();
        BOOST_REQUIRE(task);
        BOOST_TEST(task->operation.get() == &operations[i]);
        BOOST_TEST(task->failed_in == static_cast<int>(i));
        const auto message = batch.message_of(*task);
        BOOST_TEST(std::ranges::equal(message, message_number(i, sizes[i])));
        BOOST_TEST((message.empty() || reinterpret_cast<std::uintptr_t>(message.data()) % message_alignment == 0));
    }
    BOOST_TEST(batch.next() == nullptr);
}

BOOST_AUTO_TEST_CASE(messages_lie_where_those_of_a_batch_before_were)
{
    constexpr std::size_t size = 100'000;
    std::array<recorded_operation, 4> operations;
    std::vector<std::byte> spare;
    const auto run = [&](recorded_operation& operation, std::size_t bytes) {
        completion_batch batch;
        batch.use_room(spare);
        batch.add(&operation, message_number(0, bytes), 0, nullptr);
        const std::byte* const place = batch.message_of(*batch.next()).data();
        batch.leave_room(spare);
        return place;
    };
    const std::byte* const first = run(operations[0], size);
    BOOST_TEST(spare.capacity() >= size);
    BOOST_TEST(run(operations[1], size / 2) == first);
    BOOST_TEST(run(operations[2], size) == first);
    run(operations[3], 20 * size);
    BOOST_TEST(spare.capacity() == 0U); // much is not kept
}

BOOST_AUTO_TEST_CASE(tasks_come_in_their_order_with_their_errors)
{
    recorded_operation first, second;
    completion_batch batch;
    BOOST_TEST(!batch.has_next());
    BOOST_TEST(batch.next() == nullptr);
    batch.add(&first, std::make_exception_ptr(std::runtime_error("a failure")));
    batch.add(&second, nullptr);
    BOOST_TEST(batch.has_next());
    const auto* task = batch.next();
    BOOST_TEST(task->operation.get() == &first);
    BOOST_TEST(test::describe(task->error) == "std::runtime_error: a failure");
    BOOST_TEST(batch.message_of(*task).size() == 0);
    BOOST_TEST(batch.has_next());
    task = batch.next();
    BOOST_TEST(task->operation.get() == &second);
    BOOST_TEST(!task->error);
    BOOST_TEST(!batch.has_next());
}

BOOST_AUTO_TEST_CASE(what_is_not_taken_is_destroyed_and_not_called)
{
    recorded_operation taken, looked_at, left;
    int waits_destroyed = 0, readers_destroyed = 0;
    {
        completion_batch batch;
        batch.add(&taken, nullptr);
        batch.add(&looked_at, {}, 0, std::make_unique<recorded_reader>(readers_destroyed));
        batch.add(&left, nullptr);
        batch.waits.emplace_back(std::make_unique<recorded_wait>(waits_destroyed), nullptr);
        BOOST_TEST(batch.next()->operation.release() == &taken);
        batch.next();
        BOOST_TEST(readers_destroyed == 0);
    }
    BOOST_TEST(taken.destructions == 0);
    BOOST_TEST(looked_at.destructions == 1);
    BOOST_TEST(left.destructions == 1);
    BOOST_TEST(taken.completions + looked_at.completions + left.completions == 0);
    BOOST_TEST(waits_destroyed == 1);
    BOOST_TEST(readers_destroyed == 1);
}

BOOST_AUTO_TEST_CASE(the_rest_of_a_batch_goes_on_elsewhere)
{
    recorded_operation first, second;
    {
        std::optional<completion_batch> batch(std::in_place);
        batch->add(&first, message_number(0, 20), 0, nullptr);
        batch->add(&second, message_number(1, 30), 0, nullptr);
        batch->next()->operation.release();
        completion_batch rest = std::move(*batch);
        batch.reset();
        BOOST_TEST(second.destructions == 0);
        auto* const task = rest.next();
        BOOST_REQUIRE(task);
        BOOST_TEST(task->operation.get() == &second);
        BOOST_TEST(std::ranges::equal(rest.message_of(*task), message_number(1, 30)));
        BOOST_TEST(rest.next() == nullptr);
    }
    BOOST_TEST(first.destructions == 0);
    BOOST_TEST(second.destructions == 1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
