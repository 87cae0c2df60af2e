// Workers that say of their results what is not so. The pool is not harmed, and goes on.
#include <support/failing.hpp>
#include <support/fake_worker.hpp>
#include <support/sides.hpp>

#include <tandem/detail/large_values.hpp>

#include <boost/test/unit_test.hpp>

using namespace test;
using tandem::errc;
using tandem::task;
using tandem::channel::frame_kind;

BOOST_AUTO_TEST_SUITE(references)

namespace {

constexpr std::uint64_t mib = 1 << 20;

std::vector<double> numbers(int)
{
    return {};
}

std::vector<std::string> texts(int)
{
    return {};
}

struct reference
{
    std::uint64_t count;
    std::uint64_t position;
};

template <class... Word>
byte_buffer words(Word... word)
{
    byte_buffer bytes;
    (tandem::encode(bytes, static_cast<std::uint64_t>(word)), ...);
    return bytes;
}

/// A worker that greets well and answers its call with this.
template <auto F>
failure answers(frame_kind kind, const byte_buffer& payload, std::size_t shared_memory = 64 * mib)
{
    processes side(1, {.worker = fake_worker({write_bytes(hello_bytes({tandem::bound_task<F>::entry().mangled_name()})),
                                              "call", write_bytes(frame_bytes(kind, 1, payload)), "hang"}),
                       .max_message_size = 8 * mib,
                       .shared_memory = shared_memory});
    return fails(side.pool, task<F>(1));
}

} // namespace

BOOST_AUTO_TEST_CASE(beyond_the_memory)
{
    for (const auto& [count, position] :
         {reference{mib, 64 * mib}, {mib, 63 * mib}, {mib, ~std::uint64_t{1}}, {mib, 0}}) {
        const failure f = answers<numbers>(frame_kind::large_result, words(count, position + 1));
        BOOST_TEST(f.code == errc::decode_failed, f.what);
        BOOST_TEST(f.says("shared memory"), f.what);
    }
}

BOOST_AUTO_TEST_CASE(of_impossible_sizes)
{
    for (const std::uint64_t count : {~std::uint64_t{0}, ~std::uint64_t{0} / 8, std::uint64_t{1} << 60, 2 * mib}) {
        const failure f = answers<numbers>(frame_kind::large_result, words(count, 65537));
        BOOST_TEST(f.code == errc::decode_failed, f.what);
    }
}

BOOST_AUTO_TEST_CASE(to_what_was_not_written_and_over_and_over)
{
    BOOST_TEST(answers<numbers>(frame_kind::large_result, words(mib / 2, 65537)).code == errc::decode_failed);
    byte_buffer many = words(1000);
    for (int i = 0; i != 1000; ++i)
        for (const std::byte b : words(mib, 65537))
            many.push_back(b);
    BOOST_TEST(answers<texts>(frame_kind::large_result, many).code == errc::decode_failed);
}

BOOST_AUTO_TEST_CASE(of_a_whole_result)
{
    for (const auto& [position, size] : {reference{64 * mib, mib}, {63 * mib, 2 * mib}, {~std::uint64_t{0}, 1}, {65536, 7 * mib},
                                         {65536, ~std::uint64_t{0}}, {65536, 9 * mib}}) {
        const failure f = answers<numbers>(frame_kind::stored_result, words(position, size));
        BOOST_TEST(f.code == errc::decode_failed, f.what);
        BOOST_TEST(f.says("shared memory"), f.what);
    }
    for (const byte_buffer& payload : {words(), words(65536), words(65536, 16, 0)})
        BOOST_TEST(answers<numbers>(frame_kind::stored_result, payload).code == errc::decode_failed);
    // What its head says: no calls, all of them read. An encoding of numbers, but more than one.
    BOOST_TEST(answers<numbers>(frame_kind::stored_result, words(0, 4096)).code == errc::decode_failed);
    BOOST_TEST(answers<numbers>(frame_kind::stored_result, words(65536, 8), 0).code == errc::worker_died);
}

BOOST_AUTO_TEST_CASE(in_a_result_that_has_none)
{
    const failure f = answers<numbers>(frame_kind::result, words(mib / 2, 65537));
    BOOST_TEST(f.code == errc::decode_failed);
    BOOST_TEST(f.says("there is none"), f.what);
}

BOOST_AUTO_TEST_CASE(where_nothing_is_shared)
{
    BOOST_TEST(answers<numbers>(frame_kind::result, words(mib / 2, 65537), 0).code == errc::decode_failed);
    const failure f = answers<numbers>(frame_kind::large_result, words(mib / 2, 65537), 0);
    BOOST_TEST(f.code == errc::worker_died);
    BOOST_TEST(f.says("nobody asked"), f.what);
}

BOOST_AUTO_TEST_CASE(a_large_result_may_have_no_large_part)
{
    processes side(
        1, {.worker = fake_worker({write_bytes(hello_bytes({tandem::bound_task<numbers>::entry().mangled_name()})),
                                   "call", write_bytes(frame_bytes(frame_kind::large_result, 1, words(0))), "hang"})});
    BOOST_TEST(get_soon(side.pool.async_run(task<numbers>(1), asio::use_future)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
