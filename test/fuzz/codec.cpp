// There and back: what decodes from any bytes encodes to bytes that decode to the same value. An input is: a byte that
// chooses the type, the encoding.
#include "memory.hpp"
#include "target.hpp"
#include "types.hpp"

#include <optional>

namespace tandem::fuzz {
namespace {

template <class T>
inline constexpr bool has_an_order = true;
template <class... P>
inline constexpr bool has_an_order<std::unordered_map<P...>> = false;
template <class... P>
inline constexpr bool has_an_order<std::unordered_set<P...>> = false;
template <>
inline constexpr bool has_an_order<directory> = false;

template <class T>
std::optional<T> decode_metered(bytes in)
{
    const memory_meter meter;
    std::optional<T> value;
    try {
        value.emplace(decode<T>(in));
    } catch (const std::exception&) {
    }
    check(meter.peak() <= fair_memory(in.size()), "decoding takes a fair amount of memory");
    return value;
}

template <class T>
byte_buffer encoded(const T& value)
{
    byte_buffer out;
    encode(out, value);
    return out;
}

template <class T>
void there_and_back(bytes in)
{
    const auto value = decode_metered<T>(in);
    if (!value)
        return;
    const byte_buffer once = encoded(*value);
    check(once.size() <= in.size(), "an encoding is no longer than what it was decoded from");
    const T back = decode<T>(once);
    if constexpr (has_an_order<T>)
        check(encoded(back) == once, "a value that went there and back encodes as before");
    else if constexpr (std::equality_comparable<T>)
        check(back == *value, "a value goes there and back");
    else
        check(encoded(back).size() == once.size(), "a value that went there and back encodes to as much as before");
}

} // namespace
} // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace tandem::fuzz;
    if (size != 0)
        with_type(data[0], [&]<class T>(std::type_identity<T>) {
            there_and_back<T>(std::as_bytes(std::span(data + 1, size - 1)));
        });
    return 0;
}
