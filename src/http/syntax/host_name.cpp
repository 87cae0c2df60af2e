#include "http/syntax/host_name.hpp"

#include "http/failure.hpp"

#include <idn2.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace tandem::http {
namespace {

struct idn2_freer
{
    void operator()(std::uint8_t* text) const noexcept { ::idn2_free(text); }
};

bool is_ascii(char c)
{
    return static_cast<unsigned char>(c) < 0x80;
}

bool is_of_host_name(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_';
}

template <class Allowed>
void require_host_name(std::string_view name, Allowed allowed)
{
    if (name.empty() || !std::all_of(name.begin(), name.end(), allowed)) {
        throw failure(errc::invalid_url, "the host's name is empty, or holds a character that none may hold");
    }
}

} // namespace

std::string ascii_host_name(std::string_view name)
{
    require_host_name(name, [](char c) { return is_of_host_name(c) || !is_ascii(c); });
    if (std::all_of(name.begin(), name.end(), is_ascii)) {
        return std::string(name);
    }
    const std::string terminated(name);
    const auto* const from = reinterpret_cast<const std::uint8_t*>(terminated.c_str());
    std::uint8_t* found = nullptr;
    int result = ::idn2_lookup_u8(from, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (result != IDN2_OK) {
        result = ::idn2_lookup_u8(from, &found, IDN2_NFC_INPUT | IDN2_TRANSITIONAL);
    }
    if (result != IDN2_OK) {
        throw failure(errc::invalid_url, std::string("the host's name is not valid: ") + ::idn2_strerror(result));
    }
    const std::unique_ptr<std::uint8_t, idn2_freer> owned(found);
    std::string ascii = reinterpret_cast<const char*>(found);
    // Of U+2100 "a/c" was made, and of U+200B nothing.
    require_host_name(ascii.starts_with('.') || ascii.find("..") != ascii.npos ? std::string() : ascii, is_of_host_name);
    return ascii;
}

std::string_view without_end_dot(std::string_view name)
{
    return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

} // namespace tandem::http
