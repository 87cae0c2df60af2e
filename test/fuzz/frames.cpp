// Bytes in pieces of any size into a frame_reader. An input is: a byte that chooses the limit, a byte that says how
// many sizes of pieces follow (up to 15), these, the stream.
#include "memory.hpp"
#include "target.hpp"

#include <vector>

namespace tandem::fuzz {
namespace {

using channel::frame_header;
using channel::frame_reader;

struct read
{
    std::vector<frame_header> headers;
    std::vector<std::byte> content; // the whole frames, one after the other
    frame_reader::fault fault = frame_reader::fault::none;
    std::size_t left = 0;
};

read read_in_pieces(bytes in, std::size_t limit, bytes sizes)
{
    read result;
    std::size_t came = 0;
    std::size_t piece = 0;
    frame_reader reader(limit);
    while (!in.empty()) {
        const auto size = sizes.empty() ? 0 : std::to_integer<std::size_t>(sizes[piece++ % sizes.size()]);
        const std::size_t before = in.size();
        {
            const memory_meter meter;
            in = feed(reader, in, size == 0 ? in.size() : size);
            came += before - in.size();
            check(meter.peak() <= 256 * 1024 + 4 * came,
                  "the buffer is as large as what came, not as what is announced");
        }
        while (const auto f = reader.next()) {
            check(f->payload.size() <= limit, "a payload is within the limit");
            check(reinterpret_cast<std::uintptr_t>(f->payload.data()) % channel::frame_alignment == 0,
                  "a payload is aligned");
            result.headers.push_back(
                {static_cast<std::uint32_t>(f->payload.size()), static_cast<std::uint16_t>(f->kind), 0, f->id});
            const auto* header = reinterpret_cast<const std::byte*>(&result.headers.back());
            result.content.insert(result.content.end(), header, header + sizeof(frame_header));
            result.content.insert(result.content.end(), f->payload.begin(), f->payload.end());
            result.content.resize(channel::padded(result.content.size()));
        }
        if (reader.what_is_wrong() != frame_reader::fault::none)
            break;
    }
    result.fault = reader.what_is_wrong();
    result.left = came - result.content.size();
    check(reader.unread().size() == result.left, "what was not a frame is kept");
    if (result.fault != frame_reader::fault::none) {
        for (bytes more = in; !more.empty();)
            more = feed(reader, more, more.size());
        check(!reader.next() && reader.what_is_wrong() == result.fault, "nothing comes after a fault");
    }
    return result;
}

void check_against(const read& r, bytes in, std::size_t limit)
{
    check(r.content.size() <= in.size(), "no frame comes out of nothing");
    std::size_t at = 0;
    for (const frame_header& header : r.headers) {
        const std::size_t size = sizeof header + header.size; // the padding is not looked at
        check(std::equal(r.content.begin() + static_cast<std::ptrdiff_t>(at),
                         r.content.begin() + static_cast<std::ptrdiff_t>(at + size),
                         in.begin() + static_cast<std::ptrdiff_t>(at)),
              "the frames are what came in");
        at += channel::padded(size);
    }
    check(at == r.content.size(), "the frames follow one another");
    frame_header next{};
    if (in.size() - at < sizeof next) {
        check(r.fault == frame_reader::fault::none, "half a header is no fault");
        return;
    }
    std::memcpy(&next, in.data() + at, sizeof next);
    switch (r.fault) {
    case frame_reader::fault::none:
        check(next.reserved == 0 && next.size <= limit, "a fault is found");
        check(in.size() - at < sizeof next + channel::padded(next.size), "a whole frame comes out");
        break;
    case frame_reader::fault::too_large:
        check(next.size > limit, "too large is beyond the limit");
        break;
    default:
        break; // which kinds there are is the reader's to know
    }
}

} // namespace
} // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace tandem::fuzz;
    if (size < 2)
        return 0;
    const std::size_t limit = data[0] % 2 == 0 ? 100 : std::size_t{0xffff'ffff};
    bytes in = std::as_bytes(std::span(data, size)).subspan(2);
    const bytes sizes = in.first(std::min<std::size_t>(data[1] % 16, in.size()));
    in = in.subspan(sizes.size());

    const read pieces = read_in_pieces(in, limit, sizes);
    check_against(pieces, in, limit);
    const std::byte one{1};
    for (const bytes other : {bytes(), bytes(&one, 1)}) {
        const read r = read_in_pieces(in, limit, other);
        check(r.content == pieces.content && r.fault == pieces.fault, "frames do not depend on the pieces");
    }
    return 0;
}
