// For targets that take a stream of frames: changes a frame's payload and makes its header fit, which bytes changed at
// random hardly ever do.
#include "target.hpp"

#include <random>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed);

namespace {

struct owned_frame
{
    tandem::channel::frame_kind kind;
    std::uint64_t id;
    std::vector<std::byte> payload;
};

void mutate(std::vector<std::byte>& payload, std::size_t room)
{
    const std::size_t size = payload.size();
    payload.resize(size + room);
    payload.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(payload.data()), size, payload.size()));
}

} // namespace

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed)
{
    using namespace tandem;
    std::minstd_rand random(seed);
    std::vector<owned_frame> frames;
    fuzz::for_each_frame(std::as_bytes(std::span(data, size)), 0xffff'ffff, [&frames](const channel::frame& f) {
        frames.push_back({f.kind, f.id, {f.payload.begin(), f.payload.end()}});
    });
    if (frames.empty() || random() % 8 == 0)
        return LLVMFuzzerMutate(data, size, max_size);

    const auto chosen = frames.begin() + static_cast<std::ptrdiff_t>(random() % frames.size());
    switch (random() % 8) {
    case 0:
        chosen->id = random() % 64;
        break;
    case 1: {
        const owned_frame copy = *chosen;
        frames.push_back(copy);
        break;
    }
    case 2:
        if (frames.size() > 1)
            frames.erase(chosen);
        break;
    default:
        mutate(chosen->payload, 64);
    }
    std::vector<std::byte> out;
    for (const owned_frame& f : frames)
        channel::append_frame(out, f.kind, f.id, f.payload);
    if (out.size() > max_size)
        return LLVMFuzzerMutate(data, size, max_size);
    std::memcpy(data, out.data(), out.size());
    return out.size();
}
