// What the pool does with a worker's bytes. An input is a stream of frames; a result's id chooses its type.
#include "memory.hpp"
#include "shared_memory.hpp"
#include "target.hpp"
#include "types.hpp"

#include <channel/hello.hpp>
#include <tandem/detail/exception_codec.hpp>

#include <exception>
#include <string_view>

namespace tandem::fuzz {
namespace {

template <class T>
void try_decode(bytes payload)
{
    const memory_meter meter;
    try {
        decode<T>(payload);
    } catch (const std::exception&) {
    }
    check(meter.peak() <= fair_memory(payload.size()), "decoding takes a fair amount of memory");
}

template <class T>
void try_decode_large(std::uint64_t call, bytes payload)
{
    static const shared_results results;
    const auto large = results.pool->result_of(call, shared_size);
    const memory_meter meter;
    try {
        detail::decode_value<T>(payload, large.get());
    } catch (const std::exception&) {
    }
    check(meter.peak() <= fair_shared_memory + fair_memory(payload.size()), "decoding takes a fair amount of memory");
}

void try_decode_exception(bytes payload)
{
    const memory_meter meter;
    try {
        std::rethrow_exception(detail::decode_exception(payload));
    } catch (const std::exception& e) {
        check(std::string_view(e.what()).size() <= 4096 + 8 * payload.size(), "an exception's text is about what came");
        byte_buffer again; // as where a worker has a pool of its own
        detail::encode_exception(again, std::current_exception());
        detail::decode_exception(again);
    }
    check(meter.peak() <= 16 * 1024 + fair_memory(payload.size()), "an exception takes a fair amount of memory");
}

} // namespace
} // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace tandem;
    using namespace tandem::fuzz;
    for_each_frame(std::as_bytes(std::span(data, size)), 1 << 20, [](const channel::frame& f) {
        if (f.kind == channel::frame_kind::hello)
            try_decode<channel::hello>(f.payload);
        else if (f.kind == channel::frame_kind::result)
            with_type(f.id, [&]<class T>(std::type_identity<T>) { try_decode<T>(f.payload); });
        else if (f.kind == channel::frame_kind::large_result)
            with_type(f.id, [&]<class T>(std::type_identity<T>) { try_decode_large<T>(f.id, f.payload); });
        else if (f.kind == channel::frame_kind::failure)
            try_decode_exception(f.payload);
    });
    return 0;
}
