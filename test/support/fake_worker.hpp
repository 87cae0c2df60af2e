// The steps of a fake worker, whose every byte a test chooses: see fake_worker.cpp.
#ifndef TANDEM_TEST_SUPPORT_FAKE_WORKER_HPP
#define TANDEM_TEST_SUPPORT_FAKE_WORKER_HPP

#include <channel/frame.hpp>
#include <channel/hello.hpp>
#include <tandem/codec.hpp>
#include <tandem/launch.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace test {

using tandem::byte_buffer;

inline tandem::launch::target fake_worker(std::vector<std::string> steps)
{
    return tandem::launch::executable(TANDEM_FAKE_WORKER, std::move(steps));
}

/// The step that writes these bytes to the protocol.
inline std::string write_bytes(std::span<const std::byte> bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string step = "hex:";
    for (const std::byte b : bytes) {
        step += digits[std::to_integer<unsigned>(b) >> 4];
        step += digits[std::to_integer<unsigned>(b) & 15];
    }
    return step;
}

inline byte_buffer frame_bytes(tandem::channel::frame_kind kind, std::uint64_t id, const byte_buffer& payload)
{
    byte_buffer bytes;
    tandem::channel::append_frame(bytes, kind, id, payload);
    return bytes;
}

/// A right hello of a worker that knows these tasks.
inline byte_buffer hello_bytes(std::vector<std::string> tasks, std::uint64_t id = tandem::channel::hello_id)
{
    byte_buffer payload;
    tandem::encode(payload, tandem::channel::hello{.pid = 1, .tasks = std::move(tasks)});
    return frame_bytes(tandem::channel::frame_kind::hello, id, payload);
}

/// A header alone, which may claim anything.
inline byte_buffer header_bytes(const tandem::channel::frame_header& header)
{
    const auto* first = reinterpret_cast<const std::byte*>(&header);
    return {first, first + sizeof header};
}

} // namespace test

#endif
