#include <faults/mutants.hpp>

#include <faults/program.hpp>
#include <support/tasks.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace faults {
namespace {

using tandem::channel::frame_header;
using tandem::channel::frame_kind;
using test::byte_buffer;
using test::write_bytes;

using mutants = std::vector<mutant>;
using outcomes = std::vector<std::string>;

// The fake worker exits after its last word, unless it is killed for it before.
const outcomes deadly{"worker_died, exit 0", "worker_died, signal 9"};

byte_buffer right_hello()
{
    return hello_of<test::add>();
}

byte_buffer right_answer_frame()
{
    byte_buffer five;
    tandem::encode(five, 5);
    return test::frame_bytes(frame_kind::result, 1, five);
}

byte_buffer failure_frame()
{
    byte_buffer payload;
    tandem::detail::encode_exception(payload, std::make_exception_ptr(std::runtime_error("a failure")));
    return test::frame_bytes(frame_kind::failure, 1, payload);
}

frame_header header_of(const byte_buffer& frame)
{
    frame_header header{};
    if (!frame.empty())
        std::memcpy(&header, frame.data(), std::min(frame.size(), sizeof header));
    return header;
}

byte_buffer with_header(byte_buffer frame, const frame_header& header)
{
    std::memcpy(frame.data(), &header, sizeof header);
    return frame;
}

byte_buffer first_of(const byte_buffer& frame, std::size_t size)
{
    return {frame.data(), frame.data() + size};
}

byte_buffer with_bit_flipped(byte_buffer frame, std::size_t bit)
{
    frame[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
    return frame;
}

mutant answer(const std::string& name, const byte_buffer& bytes, outcomes expected, const std::string& then = "exit:0")
{
    // The fake worker puts the call's id where the frame has a 1: another one is the mutation.
    std::string step = write_bytes(bytes);
    if (header_of(bytes).id == 1)
        step = "answer" + step.substr(step.find(':'));
    return {name, {write_bytes(right_hello()), "call", step, then}, std::move(expected)};
}

mutant slowly(mutant m)
{
    m.script.insert(m.script.begin(), "slow");
    return m;
}

mutant hello(const std::string& name, const byte_buffer& bytes, outcomes expected)
{
    return {name, {write_bytes(bytes), "exit:0"}, std::move(expected)};
}

// --- of an answer

mutants truncated()
{
    mutants all;
    const auto frame = right_answer_frame();
    for (std::size_t size = 0; size != frame.size(); ++size)
        all.push_back(answer(std::to_string(size) + " bytes", first_of(frame, size), deadly));
    return all;
}

mutants truncated_by_death()
{
    mutants all;
    const auto frame = failure_frame();
    for (std::size_t size = 0; size < frame.size(); size += 7)
        all.push_back(answer(std::to_string(size) + " bytes", first_of(frame, size), {"worker_died, signal 9"},
                             "signal:9"));
    return all;
}

mutants flipped_bits()
{
    mutants all;
    const auto frame = right_answer_frame();
    for (std::size_t bit = 0; bit != 8 * sizeof(frame_header); ++bit) {
        const auto bytes = with_bit_flipped(frame, bit);
        // Of another size that is there as a whole, and of a failure that is none, it is seen that it does not decode.
        const bool decodes_badly = header_of(bytes).kind == static_cast<std::uint16_t>(frame_kind::failure) ||
                                   (bit < 32 && header_of(bytes).size <= 16);
        all.push_back(answer("bit " + std::to_string(bit), bytes, decodes_badly ? outcomes{"decode_failed"} : deadly));
    }
    return all;
}

mutants sizes()
{
    mutants all;
    const auto frame = right_answer_frame();
    for (const std::uint32_t size : {0U, 1U, 3U, 5U, 15U, 16U, 17U, 31U, 0xffffU, 1U << 20, (1U << 30) - 1, 1U << 30,
                                     (1U << 30) + 1, 0x7fffffffU, 0x80000000U, 0xfffffff0U, 0xffffffffU}) {
        frame_header header = header_of(frame);
        header.size = size;
        all.push_back(answer("size " + std::to_string(size), with_header(frame, header),
                             size <= 16 ? outcomes{"decode_failed"} : deadly));
    }
    return all;
}

mutants kinds()
{
    mutants all;
    const auto frame = right_answer_frame();
    for (const int kind : {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 16, 100, 255, 256, 260, 0x8000, 0xfffe, 0xffff}) {
        frame_header header = header_of(frame);
        header.kind = static_cast<std::uint16_t>(kind);
        const bool is_failure = kind == static_cast<int>(frame_kind::failure);
        const bool is_result = kind == static_cast<int>(frame_kind::large_result); // with nothing large
        all.push_back(answer("kind " + std::to_string(kind), with_header(frame, header),
                             is_failure ? outcomes{"decode_failed"} : is_result ? outcomes{"5"} : deadly));
    }
    return all;
}

mutants ids()
{
    mutants all;
    const auto frame = right_answer_frame();
    for (const std::uint64_t id :
         {std::uint64_t{0}, std::uint64_t{999'999}, std::uint64_t{1} << 32, ~std::uint64_t{0}, tandem::channel::hello_id}) {
        frame_header header = header_of(frame);
        header.id = id;
        all.push_back(answer("id " + std::to_string(id), with_header(frame, header), deadly));
    }
    return all;
}

mutants reserved()
{
    mutants all;
    const auto frame = right_answer_frame();
    for (int bit = 0; bit != 16; ++bit) {
        frame_header header = header_of(frame);
        header.reserved = static_cast<std::uint16_t>(1 << bit);
        all.push_back(answer("reserved bit " + std::to_string(bit), with_header(frame, header), deadly));
    }
    return all;
}

// The first one counts; what follows is nobody's, and costs the worker its life.
mutants duplicates()
{
    mutants all;
    const auto frame = right_answer_frame();
    for (const int times : {2, 3, 1000}) {
        byte_buffer bytes;
        for (int i = 0; i != times; ++i)
            bytes.insert(bytes.end(), frame.begin(), frame.end());
        all.push_back(answer(std::to_string(times) + " times", bytes, {"5"}));
        all.push_back(answer(std::to_string(times) + " times, hangs", bytes, {"5"}, "hang"));
    }
    all.push_back(answer("and a byte", [&] { auto bytes = frame; bytes.push_back({}); return bytes; }(), {"5"}));
    return all;
}

mutants garbled_failures()
{
    mutants all;
    const auto frame = failure_frame();
    for (std::size_t at = sizeof(frame_header); at < sizeof(frame_header) + header_of(frame).size; ++at)
        for (const unsigned value : {0x00U, 0x7fU, 0xffU}) {
            byte_buffer bytes = frame;
            bytes[at] = static_cast<std::byte>(value);
            // With another letter in the type's name it is another exception.
            all.push_back(answer("byte " + std::to_string(at) + " is " + std::to_string(value), bytes,
                                 {"decode_failed", "std::runtime_error", "remote"}));
        }
    return all;
}

mutants noise()
{
    mutants all;
    for (const char* step : {"noise:1", "noise:15", "noise:16", "noise:17", "noise:100", "noise:70000", "noise:3000000",
                             "text:welcome to this host", "close", "lognoise:1000000"})
        all.push_back(answer(step, {}, deadly, step));
    return all;
}

mutants byte_by_byte()
{
    const auto frame = right_answer_frame();
    frame_header large = header_of(frame), unknown = header_of(frame);
    large.size = 0xffffffff;
    unknown.kind = 77;
    return {slowly(answer("a right answer", frame, {"5"})),
            slowly(answer("a failure", failure_frame(), {"std::runtime_error"})),
            slowly(answer("half an answer", first_of(frame, frame.size() / 2), deadly)),
            slowly(answer("a size of 2^32-1", with_header(frame, large), deadly)),
            slowly(answer("an unknown kind", with_header(frame, unknown), deadly)),
            slowly(answer("noise", {}, deadly, "noise:100"))};
}

// --- of the hello

mutants hello_bits()
{
    mutants all;
    const auto frame = right_hello();
    for (std::size_t bit = 0; bit != 8 * sizeof(frame_header); ++bit) {
        const bool is_version = bit >= 64 && bit < 80;
        all.push_back(hello("bit " + std::to_string(bit), with_bit_flipped(frame, bit),
                            {is_version ? "version_mismatch" : "not_a_worker"}));
    }
    return all;
}

mutants hello_bytes()
{
    mutants all;
    const auto frame = right_hello();
    // The first four are the process's id, which means nothing to the pool; then come lengths and a name.
    for (std::size_t at = sizeof(frame_header) + 4; at < sizeof(frame_header) + header_of(frame).size; ++at) {
        byte_buffer bytes = frame;
        bytes[at] ^= std::byte{0x41};
        all.push_back(hello("byte " + std::to_string(at), bytes, {"not_a_worker", "unknown_task", "start_failed"}));
    }
    return all;
}

} // namespace

std::vector<mutant_family> mutant_families()
{
    return {{"an answer cut at every length", truncated},
            {"a failure cut by a crash", truncated_by_death},
            {"each bit of an answer's header", flipped_bits},
            {"sizes up to 2^32-1", sizes},
            {"unknown and unexpected kinds", kinds},
            {"ids that nobody gave", ids},
            {"each reserved bit", reserved},
            {"one answer several times", duplicates},
            {"each byte of a failure", garbled_failures},
            {"noise, silence and a flooded log", noise},
            {"byte by byte", byte_by_byte},
            {"each bit of the hello's header", hello_bits},
            {"each byte of the hello", hello_bytes}};
}

} // namespace faults
