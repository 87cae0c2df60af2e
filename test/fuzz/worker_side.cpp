// What a worker does with the pool's bytes. An input is a stream of frames; a call's position chooses the task.
#include "memory.hpp"
#include "shared_memory.hpp"
#include "target.hpp"
#include "tasks.hpp"

#include <channel/hello.hpp>
#include <tandem/error.hpp>

namespace tandem::fuzz {
namespace {

void take_settings(bytes payload)
{
    try {
        decode<channel::worker_settings>(payload);
    } catch (const std::exception&) {
    }
}

void take_call(bytes payload)
{
    channel::task_call head;
    if (payload.size() < sizeof head)
        return;
    std::memcpy(&head, payload.data(), sizeof head);
    byte_buffer result;
    static shared_arguments arguments;
    const memory_meter meter;
    try {
        tasks[head.position % std::size(tasks)]->run(payload.subspan(sizeof head), &arguments.worker, result, nullptr);
    } catch (const std::exception&) {
        result.clear();
        detail::encode_exception(result, std::current_exception());
        detail::decode_exception(result);
    }
    check(meter.peak() <= fair_shared_memory + 64 * 1024 + 4 * fair_memory(payload.size()), "a call takes a fair amount of memory");
}

} // namespace
} // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace tandem;
    using namespace tandem::fuzz;
    for_each_frame(std::as_bytes(std::span(data, size)), 0xffff'ffff, [](const channel::frame& f) {
        if (f.kind == channel::frame_kind::settings)
            take_settings(f.payload);
        else if (f.kind == channel::frame_kind::task)
            take_call(f.payload);
    });
    return 0;
}
