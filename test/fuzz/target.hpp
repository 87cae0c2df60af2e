// What the fuzz targets share. Each defines LLVMFuzzerTestOneInput; libFuzzer calls it, or replay.cpp with the corpus.
#ifndef TANDEM_TEST_FUZZ_TARGET_HPP
#define TANDEM_TEST_FUZZ_TARGET_HPP

#include <channel/frame_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tandem::fuzz {

using bytes = std::span<const std::byte>;

/// Aborts, which is a finding, where `holds` is false; in every kind of build.
inline void check(bool holds, const char* what)
{
    if (!holds) {
        std::fprintf(stderr, "does not hold: %s\n", what);
        std::abort();
    }
}

/// Puts up to `size` of `in` into the reader, as one read of a pipe does; returns what is left of `in`.
inline bytes feed(channel::frame_reader& reader, bytes in, std::size_t size)
{
    const auto room = reader.prepare();
    check(!room.empty(), "there is room for the next bytes");
    size = std::min({size, room.size(), in.size()});
    if (size != 0)
        std::memcpy(room.data(), in.data(), size);
    reader.commit(size);
    return in.subspan(size);
}

/// f(frame) for every frame that `in` begins with.
template <class F>
void for_each_frame(bytes in, std::size_t limit, F f)
{
    channel::frame_reader reader(limit);
    do {
        in = feed(reader, in, in.size());
        while (const auto frame = reader.next())
            f(*frame);
    } while (!in.empty() && reader.what_is_wrong() == channel::frame_reader::fault::none);
}

} // namespace tandem::fuzz

#endif
