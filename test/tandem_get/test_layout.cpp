// The screen's lower part: what is shown for which terminal.

#include "tandem_get/layout.hpp"
#include "tandem_get/text.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using phase = tandem::http::download_progress::phase;

file_state receiving(std::string name, std::uint64_t bytes, std::uint64_t total, double rate)
{
    return {.name = std::move(name), .phase = phase::receiving, .bytes = bytes, .total = total, .rate = rate};
}

screen_state many(std::size_t count)
{
    screen_state state{.done = 12, .failed = 3, .files = 1000, .bytes = 5'000'000, .rate = 1'000'000};
    for (std::size_t i = 0; i < count; ++i) {
        state.active.push_back(receiving("file-" + std::to_string(i) + ".iso", 512 * 1024, 1024 * 1024, 64 * 1024));
    }
    return state;
}

/// Each word with a digit, without what ends it, and the word behind it, if that is no number.
std::multimap<std::string, std::string> numbers_in(const std::vector<std::string>& lines)
{
    const auto has_digit = [](const std::string& word) {
        return word.find_first_of("0123456789") != std::string::npos;
    };
    const auto stripped = [](std::string word) {
        if (word.ends_with(',')) {
            word.pop_back();
        }
        return word;
    };
    std::multimap<std::string, std::string> result;
    for (const std::string& line : lines) {
        std::istringstream in(line);
        std::vector<std::string> words;
        for (std::string word; in >> word;) {
            words.push_back(word);
        }
        for (std::size_t i = 0; i != words.size(); ++i) {
            if (has_digit(words[i])) {
                const bool has_unit = !words[i].ends_with(',') && i + 1 != words.size() && !has_digit(words[i + 1]);
                result.emplace(stripped(words[i]), has_unit ? stripped(words[i + 1]) : "");
            }
        }
    }
    return result;
}

void print(const std::vector<std::string>& lines)
{
    for (const std::string& line : lines) {
        BOOST_TEST_MESSAGE('|' << line << '|');
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(screen_layout)

BOOST_AUTO_TEST_CASE(a_line_for_each_file_and_one_for_all)
{
    screen_state state{.done = 12, .failed = 3, .files = 1000, .worked_on = 2, .work = "sha256"};
    state.bytes = 5 * 1024 * 1024;
    state.rate = 1024 * 1024;
    state.seconds_left = 75;
    state.active.push_back(receiving("a.iso", 512 * 1024, 1024 * 1024, 64 * 1024));
    state.active.push_back({.name = "b.iso"});
    state.active.push_back({.name = "c.iso", .phase = phase::pausing, .retries = 1});
    state.active.push_back({.name = "d", .phase = phase::receiving, .bytes = 100, .rate = 50});

    const std::vector<std::string> lines = layout(state, 70, 24);
    print(lines);
    const std::vector<std::string> expected{
        "a.iso                      50 %   512.0 KiB    64.0 KiB/s      0:08",
        "b.iso                   waiting                                    ",
        "c.iso                   retry 2                                    ",
        "d                                   100 B        50 B/s           ",
        "12 of 1,000 files, 3 failed, 5.0 MiB, 1.0 MiB/s, 1:15 left",
    };
    BOOST_TEST(lines.size() == expected.size());
    BOOST_TEST(lines[0].starts_with("a.iso  "));
    BOOST_TEST(lines[0].ends_with("  50 %   512.0 KiB    64.0 KiB/s      0:08"));
    BOOST_TEST(lines[1].find("waiting") != std::string::npos);
    BOOST_TEST(lines[2].find("retry 2") != std::string::npos);
    BOOST_TEST(lines[3].find('%') == std::string::npos); // of what?
    BOOST_TEST(lines[4] == expected[4]);
    BOOST_TEST(layout(state, 80, 24)[4] == expected[4] + ", 2 in sha256");
}

BOOST_AUTO_TEST_CASE(it_fits_into_every_terminal)
{
    const std::string names[] = {"short", std::string(300, 'x'), "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.iso",
                                 "e\xcc\x81t\xc3\xa9.iso", ""};
    for (const std::size_t count : {0U, 1U, 2U, 5U, 30U}) {
        screen_state state = many(count);
        for (std::size_t i = 0; i < count; ++i) {
            state.active[i].name = names[i % std::size(names)];
        }
        for (std::size_t width = 0; width < 130; ++width) {
            for (const std::size_t height : {0U, 1U, 2U, 3U, 10U, 50U}) {
                const std::vector<std::string> lines = layout(state, width, height);
                BOOST_TEST_REQUIRE(!lines.empty());
                BOOST_TEST_REQUIRE(lines.size() <= std::max<std::size_t>(height, 2) - 1);
                for (const std::string& line : lines) {
                    BOOST_TEST_REQUIRE(columns(line) < std::max<std::size_t>(width, 2));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_has_no_room_is_counted)
{
    const std::vector<std::string> lines = layout(many(16), 80, 10);
    print(lines);
    BOOST_TEST(lines.size() == 9);
    BOOST_TEST(lines[7] == "... and 9 more");
    BOOST_TEST(lines[8].starts_with("12 of 1,000 files, 3 failed"));

    BOOST_TEST(layout(many(16), 80, 18).size() == 17); // just enough
    BOOST_TEST(layout(many(16), 80, 18)[15].starts_with("file-15.iso"));
    BOOST_TEST(layout(many(16), 80, 3).size() == 2);
    BOOST_TEST(layout(many(16), 80, 3)[0] == "... and 16 more");
    BOOST_TEST(layout(many(16), 80, 2).size() == 1);
}

BOOST_AUTO_TEST_CASE(a_narrow_terminal_has_fewer_columns)
{
    const screen_state state = many(1);
    for (const std::size_t width : {100U, 60U, 50U, 40U, 25U, 15U}) {
        print(layout(state, width, 24));
    }
    BOOST_TEST(layout(state, 100, 24)[0].find("KiB/s") != std::string::npos);
    BOOST_TEST(layout(state, 40, 24)[0] == "fil...so     50 %   64.0 KiB/s     0:08");
    BOOST_TEST(layout(state, 40, 24)[1] == "12 of 1,000 files, 4.8 MiB, 976.6 KiB/s");
    BOOST_TEST(layout(state, 15, 24)[0] == "file-0.iso    ");
}

// Of names that are shortened there may be a part, so they hold no digits here.
BOOST_AUTO_TEST_CASE(no_width_cuts_a_number)
{
    screen_state common = many(4);
    common.seconds_left = 75;
    common.worked_on = 12;
    common.work = "sha256";
    screen_state extreme{.done = UINT64_MAX, .failed = UINT64_MAX, .files = UINT64_MAX};
    extreme.worked_on = UINT64_MAX;
    extreme.work = "sha512";
    extreme.bytes = UINT64_MAX;
    extreme.rate = 1e18;
    extreme.seconds_left = 1e300;
    extreme.active = {receiving("a", UINT64_MAX - 1, UINT64_MAX, 1e18), receiving("b", 1, UINT64_MAX, 1),
                      receiving("c", 999'999, 1'000'000, 999.99), {.name = "d", .phase = phase::pausing, .retries = 98},
                      {.name = "e", .phase = phase::pausing, .retries = UINT32_MAX}};
    for (screen_state& state : std::vector<screen_state>{common, extreme}) {
        for (file_state& file : state.active) {
            file.name = "some-name-that-is-rather-long.iso";
        }
        for (const std::size_t height : {3U, 24U}) {
            // A number's word, and the one behind it, are as they are where there is room for all.
            const std::multimap<std::string, std::string> whole = numbers_in(layout(state, 1000, height));
            for (std::size_t width = 1; width <= 200; ++width) {
                const std::vector<std::string> seen = layout(state, width, height);
                for (const std::string& line : seen) {
                    BOOST_TEST_REQUIRE(columns(line) < std::max<std::size_t>(width, 2));
                }
                for (const auto& shown : numbers_in(seen)) {
                    const std::string& number = shown.first;
                    const std::string& unit = shown.second;
                    const std::size_t slash = std::min(number.find('/'), number.size()); // "12/1,000"
                    const bool short_form = slash != number.size() && whole.contains(number.substr(0, slash)) &&
                                            whole.contains(number.substr(slash + 1));
                    const auto [begin, end] = whole.equal_range(number);
                    const bool known = std::any_of(begin, end, [&](const auto& one) { return one.second == unit; });
                    BOOST_TEST_REQUIRE((known || short_form), '"' << number << ' ' << unit << "\" at " << width);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(forty_columns_keep_speed_and_time)
{
    for (std::size_t width = 40; width != 200; ++width) {
        screen_state state = many(1);
        state.seconds_left = 75;
        const std::vector<std::string> lines = layout(state, width, 24);
        BOOST_TEST_REQUIRE(lines.size() == 2u);
        BOOST_TEST_REQUIRE(lines[0].find(" 64.0 KiB/s ") != std::string::npos, width << lines[0]);
        BOOST_TEST_REQUIRE(lines[0].ends_with(" 0:08"));
        BOOST_TEST_REQUIRE(lines[1].find("976.6 KiB/s, 1:15 left") != std::string::npos, width << lines[1]);
    }
}

BOOST_AUTO_TEST_CASE(a_list_that_is_still_read_has_no_total)
{
    screen_state state = many(1);
    state.files = std::nullopt;
    BOOST_TEST(layout(state, 80, 24).back().starts_with("12 files, 3 failed, "));
    state.files = 1;
    state.done = 1;
    BOOST_TEST(layout(state, 80, 24).back().starts_with("1 of 1 file, "));
}

BOOST_AUTO_TEST_SUITE_END()
