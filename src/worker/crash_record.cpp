#include <worker/crash_record.hpp>

#include <worker/crash_signals.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>

namespace tandem::worker {
namespace {

template <std::size_t Size>
void put(std::array<char, Size>& to, std::uint32_t& size, std::string_view text) noexcept
{
    const std::size_t room = std::min(text.size(), to.size());
    std::memcpy(to.data(), text.data(), room);
    std::atomic_ref(size).store(static_cast<std::uint32_t>(room), std::memory_order_release);
}

// What a log or a terminal can show as it is.
template <std::size_t Size>
std::string printable(const std::array<char, Size>& text, std::uint32_t size)
{
    std::string result(text.data(), std::min<std::size_t>(size, text.size()));
    std::erase_if(result, [](char c) { return c != '\n' && (c < ' ' || c > '~'); });
    return result;
}

} // namespace

crash_report read_crash(const crash_record& record)
{
    // What is checked must not change after the check.
    const auto copy = std::make_unique<crash_record>();
    std::memcpy(copy.get(), &record, sizeof record);
    crash_report report;
    const auto known = std::ranges::find(crash_signals, static_cast<int>(copy->signal));
    if (known == crash_signals.end())
        return report;
    report.signal = *known;
    report.stack_overflow = copy->stack_overflow != 0;
    report.stack_trace =
        copy->text_size ? printable(copy->text, copy->text_size) : printable(copy->raw, copy->raw_size);
    return report;
}

void put_raw_trace(crash_record& record, std::string_view text) noexcept
{
    put(record.raw, record.raw_size, text);
}

void put_symbolised_trace(crash_record& record, std::string_view text) noexcept
{
    put(record.text, record.text_size, text);
}

} // namespace tandem::worker
