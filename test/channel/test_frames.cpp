#include <channel/frame_reader.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::channel {
namespace {

using bytes = std::vector<std::byte>;

bytes payload_of(std::size_t size, std::uint64_t seed)
{
    bytes p(size);
    for (std::size_t i = 0; i < size; ++i)
        p[i] = static_cast<std::byte>(seed * 31 + i * 7);
    return p;
}

void feed(frame_reader& reader, std::span<const std::byte> in, std::size_t step)
{
    while (!in.empty()) {
        const auto room = reader.prepare();
        BOOST_REQUIRE(!room.empty());
        const std::size_t size = std::min({step, room.size(), in.size()});
        std::memcpy(room.data(), in.data(), size);
        reader.commit(size);
        in = in.subspan(size);
        if (size == 0)
            break;
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(frames)

BOOST_AUTO_TEST_CASE(memory_of_a_large_frame_is_given_back_when_nothing_is_unread)
{
    bytes stream;
    append_frame(stream, frame_kind::result, 1, payload_of(5'000'000, 1));
    append_frame(stream, frame_kind::result, 2, payload_of(10, 2));
    frame_reader reader(1 << 24);
    feed(reader, stream, stream.size());
    BOOST_TEST(reader.next()->id == 1u);
    reader.give_back();
    const auto second = reader.next();
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(std::ranges::equal(second->payload, payload_of(10, 2)));
    reader.give_back();
    BOOST_TEST(reader.unread().data() == nullptr); // of no buffer
    BOOST_TEST(reader.prepare().size() == 65'536u);
    feed(reader, stream, 1000);
    BOOST_TEST(reader.next()->id == 1u);
    BOOST_TEST(reader.next()->id == 2u);
}

BOOST_AUTO_TEST_CASE(come_out_as_they_went_in_whatever_the_pieces)
{
    const std::size_t sizes[] = {0, 1, 15, 16, 17, 1000, 65'520, 65'536, 300'000};
    bytes stream;
    for (std::size_t i = 0; i < std::size(sizes); ++i)
        append_frame(stream, frame_kind::result, i, payload_of(sizes[i], i));
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, std::size_t{1} << 20}) {
        frame_reader reader(1 << 20);
        std::size_t seen = 0;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            feed(reader, std::span(stream).subspan(at, std::min(step, stream.size() - at)), step);
            while (const auto f = reader.next()) {
                BOOST_TEST(f->id == seen);
                BOOST_TEST(reinterpret_cast<std::uintptr_t>(f->payload.data()) % frame_alignment == 0u);
                const bytes expected = payload_of(sizes[seen], seen);
                BOOST_TEST(std::ranges::equal(f->payload, expected), "frame " << seen << " in steps of " << step);
                ++seen;
            }
        }
        BOOST_TEST(seen == std::size(sizes), "in steps of " << step);
    }
}

BOOST_AUTO_TEST_CASE(over_the_limit_are_a_fault_and_nothing_is_allocated_for_them)
{
    frame_header header{0xffff'ffff, static_cast<std::uint16_t>(frame_kind::result), 0, 1};
    frame_reader reader(1 << 20);
    feed(reader, std::as_bytes(std::span(&header, 1)), 16);
    BOOST_TEST(!reader.next().has_value());
    BOOST_TEST((reader.what_is_wrong() == frame_reader::fault::too_large));
    BOOST_TEST(!reader.next().has_value());
}

BOOST_AUTO_TEST_CASE(a_claimed_size_is_not_allocated_before_it_comes)
{
    frame_header header{1 << 30, static_cast<std::uint16_t>(frame_kind::result), 0, 1};
    frame_reader reader(std::size_t{1} << 31);
    feed(reader, std::as_bytes(std::span(&header, 1)), 16);
    BOOST_TEST(!reader.next().has_value());
    BOOST_TEST(reader.prepare().size() < std::size_t{1} << 20);
}

BOOST_AUTO_TEST_CASE(of_unknown_kind_or_with_reserved_bits_are_a_fault)
{
    const auto beyond = static_cast<std::uint16_t>(static_cast<int>(tandem::channel::last_frame_kind) + 1);
    for (const frame_header header : {frame_header{0, 0, 0, 1}, frame_header{0, beyond, 0, 1},
                                      frame_header{0, 0xffff, 0, 1}, frame_header{0, 4, 1, 1}}) {
        frame_reader reader(100);
        feed(reader, std::as_bytes(std::span(&header, 1)), 16);
        BOOST_TEST(!reader.next().has_value());
        BOOST_TEST((reader.what_is_wrong() == frame_reader::fault::bad_header));
    }
}

BOOST_AUTO_TEST_CASE(noise_is_kept_to_be_shown)
{
    const std::string_view noise = "Welcome to this machine!\n";
    frame_reader reader(100);
    feed(reader, std::as_bytes(std::span(noise)), 5);
    BOOST_TEST(!reader.next().has_value());
    BOOST_TEST((reader.what_is_wrong() != frame_reader::fault::none));
    const auto unread = reader.unread();
    BOOST_TEST(std::string(reinterpret_cast<const char*>(unread.data()), unread.size()) == noise);
}

BOOST_AUTO_TEST_CASE(unwanted_ones_are_taken_out_from_a_place_on)
{
    bytes stream;
    std::vector<std::size_t> begins;
    for (std::uint64_t id = 0; id != 10; ++id) {
        begins.push_back(stream.size());
        append_frame(stream, frame_kind::task, id, payload_of(id * 13, id));
    }
    for (std::size_t first = 0; first != 10; ++first)
        for (const std::size_t inside : {0U, 1U, 16U}) {
            bytes left = stream;
            std::vector<std::uint64_t> removed;
            const auto is_odd = [&](const frame& f) {
                if (f.id % 2 != 0)
                    removed.push_back(f.id);
                return f.id % 2 != 0;
            };
            const std::size_t count = remove_frames(left, begins[first] + inside, is_odd);
            BOOST_TEST(count == removed.size());
            frame_reader reader(1000);
            feed(reader, left, 100);
            for (std::uint64_t id = 0; id != 10; ++id) {
                const bool is_removed = id % 2 != 0 && id >= first + (inside != 0 ? 1 : 0);
                BOOST_TEST((std::ranges::find(removed, id) != removed.end()) == is_removed, id << " from " << first);
                if (is_removed)
                    continue;
                const auto f = reader.next();
                BOOST_REQUIRE(f.has_value());
                BOOST_TEST(f->id == id);
                BOOST_TEST(std::ranges::equal(f->payload, payload_of(id * 13, id)));
            }
            BOOST_TEST(!reader.next().has_value());
        }
}

BOOST_AUTO_TEST_CASE(random_bytes_never_harm)
{
    for (unsigned seed = 0; seed < 500; ++seed) {
        std::mt19937 random(seed);
        bytes stream;
        append_frame(stream, frame_kind::result, 1, payload_of(40, 1));
        append_frame(stream, frame_kind::failure, 2, payload_of(100, 2));
        for (int change = 0; change < 3; ++change)
            stream[random() % stream.size()] = static_cast<std::byte>(random());
        frame_reader reader(1000);
        feed(reader, stream, 1 + random() % 50);
        while (const auto f = reader.next())
            BOOST_TEST(f->payload.size() <= 1000u);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::channel
