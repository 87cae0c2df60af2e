// What the parent makes of a record that anybody may have written.
#include <worker/bounded_text.hpp>
#include <worker/crash_record.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>

using namespace tandem::worker;

BOOST_AUTO_TEST_SUITE(record)

BOOST_AUTO_TEST_CASE(zeros_say_that_nothing_happened)
{
    const auto record = std::make_unique<crash_record>();
    const crash_report report = read_crash(*record);
    BOOST_CHECK_EQUAL(report.signal, 0);
    BOOST_CHECK(!report.stack_overflow);
    BOOST_CHECK_EQUAL(report.stack_trace, "");
}

BOOST_AUTO_TEST_CASE(names_are_better_than_addresses)
{
    const auto record = std::make_unique<crash_record>();
    record->signal = SIGSEGV;
    put_raw_trace(*record, "#0 0x1\n");
    BOOST_CHECK_EQUAL(read_crash(*record).stack_trace, "#0 0x1\n");
    put_symbolised_trace(*record, "#0 f\n");
    BOOST_CHECK_EQUAL(read_crash(*record).stack_trace, "#0 f\n");
}

BOOST_AUTO_TEST_CASE(garbage_is_bounded_and_printable)
{
    const auto record = std::make_unique<crash_record>();
    for (int byte = 0; byte != 256; ++byte) {
        std::memset(static_cast<void*>(record.get()), byte, sizeof *record);
        record->signal = SIGABRT;
        const crash_report report = read_crash(*record);
        BOOST_CHECK_EQUAL(report.signal, SIGABRT);
        BOOST_CHECK_LE(report.stack_trace.size(), sizeof *record);
        BOOST_CHECK(
            std::ranges::all_of(report.stack_trace, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    }
}

BOOST_AUTO_TEST_CASE(a_signal_that_is_no_crash_is_not_believed)
{
    const auto record = std::make_unique<crash_record>();
    record->signal = 0xffffffff;
    put_raw_trace(*record, "text");
    BOOST_CHECK_EQUAL(read_crash(*record).signal, 0);
    record->signal = SIGTERM;
    BOOST_CHECK_EQUAL(read_crash(*record).stack_trace, "");
}

BOOST_AUTO_TEST_CASE(text_ends_with_the_last_whole_line_that_has_room)
{
    std::array<char, 12> memory{};
    bounded_text text{memory};
    text.add("#").add_decimal(10).add(" 0x").add_hexadecimal(255).end_line();
    BOOST_CHECK_EQUAL(text.lines(), "#10 0xff\n");
    text.add("12345").end_line();
    text.add("1").end_line();
    BOOST_CHECK_EQUAL(text.lines(), "#10 0xff\n");
}

BOOST_AUTO_TEST_SUITE_END()
