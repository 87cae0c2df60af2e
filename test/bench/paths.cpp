// The paths that every small task takes, alone: bench_paths measures them with Google Benchmark; bench_paths PATH COUNT
// runs one so many times, for callgrind.
#include <channel/frame.hpp>
#include <channel/shared_ring.hpp>
#include <schedule/recorded_scheduler.hpp>
#include <tandem.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace tandem;

int nothing(int x)
{
    return x;
}

// What a task's arguments, and its result, cost to encode and decode.
struct encode_path
{
    byte_buffer message;

    void operator()()
    {
        message.clear();
        task<nothing>(1).encode_arguments(message);
        benchmark::DoNotOptimize(decode<int>(message));
    }
};

// A task among others, with a clock of its own: submitted, sent, finished.
struct schedule_path
{
    struct all_sent final : schedule::sent_tasks
    {
        bool revoke(schedule::task&) override { return false; }
        schedule::task* split(schedule::task&) override { return nullptr; }
        schedule::task* split_first(schedule::task&, std::uint32_t) override { return nullptr; }
        std::optional<schedule::time_point> begun(const schedule::task&) const override { return std::nullopt; }
        std::optional<schedule::time_point> ended(const schedule::task&) const override { return std::nullopt; }
    } sent;
    schedule::recorded_scheduler scheduler{{.workers = 2}, sent, nullptr}; // as a pool has it
    schedule::recorded_scheduler::actions actions;
    schedule::time_point now{std::chrono::hours(1)};
    detail::cost_estimate cost;
    std::array<schedule::task, 4096> tasks{};
    std::size_t next = 0;

    schedule_path()
    {
        cost.add(std::chrono::microseconds(1));
        scheduler.start_all(actions);
        scheduler.worker_ready(1, now, actions);
        scheduler.worker_ready(2, now, actions);
        for (std::size_t i = 0; i != tasks.size() / 2; ++i)
            submit();
        actions.clear();
    }

    void submit()
    {
        schedule::task& t = tasks[next++ % tasks.size()];
        t = {};
        t.cost = &cost;
        if (scheduler.may_submit_behind_others(t))
            scheduler.submit_behind_others(t);
        else
            scheduler.submit(t, now, actions);
    }

    void operator()()
    {
        const auto worker = static_cast<schedule::worker_id>(1 + next % 2);
        now += std::chrono::microseconds(1);
        if (!scheduler.task_of(worker))
            std::abort();
        scheduler.task_finished(worker, std::chrono::microseconds(1), 0, now, actions);
        submit();
        scheduler.settle(now, actions);
        actions.clear();
    }
};

// An outcome from the worker's memory to the pool's.
struct complete_path
{
    std::unique_ptr<channel::shared_ring> ring = std::make_unique<channel::shared_ring>();
    channel::ring_writer writer{*ring};
    channel::ring_reader reader{*ring};
    byte_buffer frame, result;

    complete_path() { encode(result, 1); }

    void operator()()
    {
        frame.clear();
        channel::append_frame(frame, channel::frame_kind::result, 1, result);
        if (!writer.put(frame))
            std::abort();
        benchmark::DoNotOptimize(decode<int>(reader.next()->payload));
    }
};

template <class Path>
void time(benchmark::State& state)
{
    const auto path = std::make_unique<Path>();
    for ([[maybe_unused]] auto round : state)
        (*path)();
}
BENCHMARK(time<encode_path>)->Name("encode");
BENCHMARK(time<schedule_path>)->Name("schedule");
BENCHMARK(time<complete_path>)->Name("complete");

template <class Path>
void repeat(long count)
{
    const auto path = std::make_unique<Path>();
    for (long i = 0; i != count; ++i)
        (*path)();
}

} // namespace

int main(int argc, char** argv)
{
    const std::map<std::string, void (*)(long)> paths{
        {"encode", repeat<encode_path>}, {"schedule", repeat<schedule_path>}, {"complete", repeat<complete_path>}};
    if (argc == 3 && paths.contains(argv[1])) {
        paths.at(argv[1])(std::atol(argv[2]));
        return 0;
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
