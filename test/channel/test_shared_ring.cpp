#include <channel/shared_ring.hpp>

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <memory>
#include <random>
#include <thread>

using namespace tandem::channel;

namespace {

std::vector<std::byte> frame_of(std::uint64_t id, std::size_t size, char fill)
{
    std::vector<std::byte> out;
    append_frame(out, frame_kind::result, id, std::vector<std::byte>(size, static_cast<std::byte>(fill)));
    return out;
}

struct fixture
{
    std::unique_ptr<shared_ring> ring = std::make_unique<shared_ring>();
    ring_writer writer{*ring};
    ring_reader reader{*ring};

    void expect(std::uint64_t id, std::size_t size, char fill)
    {
        const auto f = reader.next();
        BOOST_REQUIRE(f.has_value());
        BOOST_TEST(f->id == id);
        BOOST_TEST(f->payload.size() == size);
        const std::vector<std::byte> wanted(size, static_cast<std::byte>(fill));
        BOOST_TEST(std::ranges::equal(f->payload, wanted));
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rings, fixture)

BOOST_AUTO_TEST_CASE(what_is_put_in_comes_out_also_around_the_end)
{
    BOOST_TEST(!reader.next().has_value());
    for (std::uint64_t id = 1; id != 5000; ++id) {
        const std::size_t size = id * 37 % 1000;
        BOOST_REQUIRE(writer.put(frame_of(id, size, static_cast<char>(id))));
        expect(id, size, static_cast<char>(id));
    }
    BOOST_TEST(!reader.next().has_value());
    BOOST_TEST(!reader.is_faulty());
}

BOOST_AUTO_TEST_CASE(what_is_too_much_is_refused_and_there_is_room_for_all_that_is_short)
{
    std::uint64_t count = 0;
    while (writer.put(frame_of(count, 1000, 'x')))
        ++count;
    BOOST_TEST(count > 200U);
    constexpr std::size_t short_payload = ring_writer::short_frame - sizeof(tandem::channel::frame_header);
    for (std::uint64_t i = 0; i != ring_writer::most_frames; ++i) {
        if (i % 2 == 0)
            writer.put_notice(i);
        else
            BOOST_REQUIRE(writer.put(frame_of(i, short_payload, 'y')));
    }
    BOOST_TEST(!writer.put(frame_of(0, 1000, 'x')));
    for (std::uint64_t i = 0; i != count; ++i)
        expect(i, 1000, 'x');
    for (std::uint64_t i = 0; i != ring_writer::most_frames; ++i) {
        if (i % 2 != 0) {
            expect(i, short_payload, 'y');
            continue;
        }
        const auto f = reader.next();
        BOOST_REQUIRE(f.has_value());
        BOOST_TEST((f->kind == frame_kind::in_pipe));
        BOOST_TEST(f->id == i);
    }
    BOOST_TEST(writer.put(frame_of(7, 1000, 'x')));
    expect(7, 1000, 'x');
}

BOOST_AUTO_TEST_CASE(one_large_frame_is_refused)
{
    BOOST_TEST(!writer.put(frame_of(1, shared_ring::capacity / 2, 'x')));
    BOOST_TEST(!reader.next().has_value());
}

BOOST_AUTO_TEST_CASE(who_sleeps_is_rung_for_once)
{
    BOOST_TEST(!writer.must_ring()); // nobody sleeps
    BOOST_TEST(!reader.sleep());
    BOOST_TEST(writer.put(frame_of(1, 8, 'x')));
    BOOST_TEST(writer.must_ring());
    BOOST_TEST(!writer.must_ring());
    BOOST_TEST(reader.sleep()); // there is something
}

BOOST_AUTO_TEST_CASE(a_sleeper_misses_nothing)
{
    constexpr std::uint64_t count = 100'000;
    std::atomic<bool> bell{false};
    std::thread worker([&] {
        for (std::uint64_t id = 0; id != count;)
            if (writer.put(frame_of(id, id % 50, 'x'))) {
                ++id;
                if (writer.must_ring())
                    bell = true;
            } else {
                std::this_thread::yield();
            }
    });
    for (std::uint64_t id = 0; id != count;) {
        while (const auto f = reader.next())
            BOOST_REQUIRE(f->id == id++);
        if (id != count && !reader.sleep())
            while (!bell.exchange(false))
                std::this_thread::yield();
    }
    worker.join();
    BOOST_TEST(!reader.is_faulty());
}

BOOST_AUTO_TEST_CASE(whatever_a_writer_leaves_does_no_harm)
{
    std::mt19937 random(20261124);
    for (int round = 0; round != 20'000; ++round) {
        ring_reader fresh(*ring);
        for (std::size_t i = 0; i != 64; ++i)
            ring->bytes[i] = static_cast<std::byte>(random());
        frame_header header{};
        header.kind = static_cast<std::uint16_t>(random() % 12);
        const std::uint32_t sizes[] = {0, 1, 16, 100, 65536, shared_ring::capacity, 0x7fff'ffff, 0xffff'ffff};
        header.size = sizes[random() % 8];
        if (random() % 2 != 0)
            std::memcpy(ring->bytes.data(), &header, sizeof header);
        const std::uint64_t written[] = {
            0, 1, 15, 16, 17, 48, shared_ring::capacity, shared_ring::capacity + 16, ~0ULL, 1ULL << 63};
        ring->written = written[random() % 10];
        std::size_t frames = 0;
        while (const auto f = fresh.next()) {
            BOOST_REQUIRE(f->payload.size() <= shared_ring::capacity);
            ++frames;
        }
        BOOST_REQUIRE(frames <= shared_ring::capacity / sizeof header);
        BOOST_REQUIRE((fresh.is_faulty() || !fresh.sleep()));
    }
}

BOOST_AUTO_TEST_SUITE_END()
