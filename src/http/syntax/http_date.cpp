#include "http/syntax/http_date.hpp"

#include <array>
#include <cstddef>

namespace tandem::http {
namespace {

using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Takes a text apart from its front; after the first thing that does not fit, nothing does.
class reader
{
public:
    explicit reader(std::string_view text) : text_(text) {}

    void expect(std::string_view what)
    {
        ok_ = ok_ && text_.starts_with(what);
        if (ok_) {
            text_.remove_prefix(what.size());
        }
    }

    /// Its first `length` characters, or all.
    template <std::size_t N>
    std::size_t one_of(const std::array<std::string_view, N>& names, std::size_t length = std::string_view::npos)
    {
        for (std::size_t i = 0; i < N; ++i) {
            if (const std::string_view name = names[i].substr(0, length); ok_ && text_.starts_with(name)) {
                text_.remove_prefix(name.size());
                return i;
            }
        }
        ok_ = false;
        return 0;
    }

    int number(std::size_t digits, bool first_may_be_space = false)
    {
        int result = 0;
        for (std::size_t i = 0; i < digits && ok_; ++i) {
            const char c = text_.empty() ? '\0' : text_.front();
            if (c >= '0' && c <= '9') {
                result = result * 10 + (c - '0');
            } else {
                ok_ = c == ' ' && i == 0 && first_may_be_space;
            }
            text_.remove_prefix(ok_ ? 1 : 0);
        }
        return result;
    }

    bool done() const { return ok_ && text_.empty(); }

private:
    std::string_view text_;
    bool ok_ = true;
};

struct fields
{
    int year = 0;
    std::size_t month = 0;
    int day = 0;
    std::chrono::seconds time{};
    bool valid_time = false;
};

void read_time(reader& from, fields& to)
{
    const int hour = from.number(2);
    from.expect(":");
    const int minute = from.number(2);
    from.expect(":");
    const int second = from.number(2);
    to.time = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
    to.valid_time = hour < 24 && minute < 60 && second <= 60; // a leap second
}

std::optional<sys_seconds> as_time(const fields& f)
{
    const std::chrono::year_month_day date{std::chrono::year(f.year),
                                           std::chrono::month(static_cast<unsigned>(f.month) + 1),
                                           std::chrono::day(static_cast<unsigned>(f.day))};
    return f.valid_time && date.ok() ? std::optional(sys_seconds(std::chrono::sys_days(date)) + f.time) : std::nullopt;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<sys_seconds> imf_fixdate(std::string_view text)
{
    reader from(text);
    fields to;
    from.one_of(days, 3);
    from.expect(", ");
    to.day = from.number(2);
    from.expect(" ");
    to.month = from.one_of(months);
    from.expect(" ");
    to.year = from.number(4);
    from.expect(" ");
    read_time(from, to);
    from.expect(" GMT");
    return from.done() ? as_time(to) : std::nullopt;
}

/// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<sys_seconds> rfc850_date(std::string_view text, sys_seconds now)
{
    reader from(text);
    fields to;
    from.one_of(days);
    from.expect(", ");
    to.day = from.number(2);
    from.expect("-");
    to.month = from.one_of(months);
    from.expect("-");
    const int year = from.number(2);
    from.expect(" ");
    read_time(from, to);
    from.expect(" GMT");
    if (!from.done()) {
        return std::nullopt;
    }
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
    const int this_year = static_cast<int>(today.year());
    to.year = this_year - this_year % 100 + 100 + year;
    while (to.year > this_year + 50) {
        to.year -= 100;
    }
    return as_time(to);
}

/// "Sun Nov  6 08:49:37 1994"
std::optional<sys_seconds> asctime_date(std::string_view text)
{
    reader from(text);
    fields to;
    from.one_of(days, 3);
    from.expect(" ");
    to.month = from.one_of(months);
    from.expect(" ");
    to.day = from.number(2, true);
    from.expect(" ");
    read_time(from, to);
    from.expect(" ");
    to.year = from.number(4);
    return from.done() ? as_time(to) : std::nullopt;
}

} // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text, sys_seconds now)
{
    if (const auto time = imf_fixdate(text)) {
        return time;
    }
    if (const auto time = rfc850_date(text, now)) {
        return time;
    }
    return asctime_date(text);
}

} // namespace tandem::http
