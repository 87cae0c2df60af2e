#include <faults/stages.hpp>

#include <faults/faults.hpp>
#include <faults/hooks.hpp>
#include <support/gate.hpp>
#include <support/waiting.hpp>

#include <tandem/this_task.hpp>
#include <tandem/worker.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <filesystem>
#include <fstream>
#include <thread>

namespace faults {
namespace {

using namespace std::chrono_literals;
using tandem::task;

constexpr std::size_t header = 16;
constexpr std::size_t large_size = 4U << 20;

using block = std::array<char, 1024>;
using many_bytes = std::deque<block>;

many_bytes many(char c)
{
    block all;
    all.fill(c);
    return many_bytes(large_size / sizeof all, all);
}

std::string right(const std::string&)
{
    return right_answer;
}

std::string after_milliseconds_of_work(std::size_t fault)
{
    const auto end = std::chrono::steady_clock::now() + 5ms;
    while (std::chrono::steady_clock::now() < end) {
    }
    commit(fault);
    return right_answer;
}

std::string at_start(std::size_t fault)
{
    commit(fault);
    return right_answer;
}

std::string at_first_run(std::size_t fault, const std::string& folder)
{
    if (const std::string mark = folder + "/ran"; !std::filesystem::exists(mark)) {
        std::ofstream{mark};
        commit(fault);
    }
    return right_answer;
}

// --- in the serialization of an argument and of a result

struct faulty_argument
{
    std::size_t fault = 0;

    template <class Archive>
    void save(Archive& archive) const
    {
        archive(fault);
    }
    template <class Archive>
    void load(Archive& archive)
    {
        archive(fault);
        commit(fault);
    }
};

struct faulty_result
{
    std::size_t fault = 0;

    template <class Archive>
    void save(Archive& archive) const
    {
        archive(fault);
        commit(fault);
    }
    template <class Archive>
    void load(Archive& archive)
    {
        archive(fault);
    }
};

std::string text_of(const faulty_result&)
{
    return right_answer;
}

std::string take(const faulty_argument&)
{
    return right_answer;
}

faulty_result give(std::size_t fault)
{
    return {fault};
}

// --- between two bytes

void arm_read(std::size_t bytes, std::size_t fault)
{
    fault_on_read(bytes, fault);
}

std::string take_many(const many_bytes& bytes)
{
    return bytes == many('a') ? right_answer : "garbled";
}

std::string arm_write(std::size_t bytes, std::size_t fault)
{
    fault_on_write(bytes, fault);
    return right_answer;
}

struct large_result
{
    many_bytes bytes;
};

std::string text_of(const large_result& result)
{
    return result.bytes == many('r') ? right_answer : "garbled";
}

template <std::size_t Bytes>
large_result give_many(std::size_t fault)
{
    fault_on_write(Bytes, fault);
    return {.bytes = many('r')};
}

// Sends the pool's idle worker what arms it; its next task is the faulty one.
void arm_idle_worker(const order& o, std::size_t bytes)
{
    const completion armed("the task that arms the worker");
    o.pool.async_run(task<arm_read>(bytes, o.fault), armed.handler());
    armed.expect_is("done");
}

// --- in a thread

std::string in_a_thread(std::size_t fault)
{
    auto& is_done = *new std::atomic<bool>(false); // the thread may outlive the task
    std::thread([&is_done, fault] {
        commit(fault);
        is_done = true;
    }).detach();
    const bool returns = all_faults()[fault].what != effect::hangs;
    test::eventually([&] { return is_done.load(); }, returns ? patience : 50ms);
    return right_answer;
}

std::string when_idle(std::size_t fault, const std::string& folder)
{
    test::announce(folder);
    std::thread([fault, folder] {
        if (!test::eventually([&] { return std::filesystem::exists(folder + "/idle"); }, patience))
            return;
        commit(fault);
        std::ofstream{folder + "/committed"};
    }).detach();
    return right_answer;
}

// --- at the end

std::string at_exit(std::size_t fault)
{
    fault_at_exit(fault);
    return right_answer;
}

std::string when_asked(std::size_t fault, const std::string& folder)
{
    test::announce(folder);
    if (test::eventually([] { return tandem::this_task::stop_requested(); }, patience))
        commit(fault);
    return right_answer;
}

template <auto F>
void submit_with_fault(const order& o)
{
    o.pool.async_run(task<F>(o.fault), o.options, o.faulty.handler());
}

template <auto F>
void submit_with_folder(const order& o)
{
    o.pool.async_run(task<F>(o.fault, o.folder), o.options, o.faulty.handler());
}

void submit_header(const order& o)
{
    arm_idle_worker(o, header);
    o.pool.async_run(task<right>(o.folder), o.options, o.faulty.handler());
}

void submit_many(const order& o)
{
    arm_idle_worker(o, large_size / 2);
    o.pool.async_run(task<take_many>(many('a')), o.options, o.faulty.handler());
}

void submit_argument(const order& o)
{
    o.pool.async_run(task<take>(faulty_argument{o.fault}), o.options, o.faulty.handler());
}

template <std::size_t Bytes>
void submit_write(const order& o)
{
    o.pool.async_run(task<arm_write>(Bytes, o.fault), o.options, o.faulty.handler());
}

} // namespace

std::span<const stage> all_stages()
{
    using enum place;
    using enum moment;
    using enum progress;
    static constexpr stage table[] = {
        {"header", "its header read", between, at_work, sent, submit_header},
        {"args", "half of its arguments read", between, at_work, sent, submit_many, true},
        {"decode", "decoding an argument", decoding, at_work, begun, submit_argument},
        {"start", "first of all", place::task, at_work, begun, submit_with_fault<at_start>},
        {"mid", "in mid-run", place::task, at_work, begun, submit_with_fault<after_milliseconds_of_work>},
        {"thread", "in a thread that it started", thread, at_work, begun, submit_with_fault<in_a_thread>},
        {"retry", "first of all, and it may run again", place::task, moment::at_first_run, begun,
         submit_with_folder<faults::at_first_run>},
        {"encode", "encoding the result", encoding, at_work, begun, submit_with_fault<give>},
        {"byte", "one byte of a large result written", between, at_work, begun, submit_with_fault<give_many<1>>, true},
        {"half", "half of a large result written", between, at_work, begun, submit_with_fault<give_many<large_size / 2>>,
         true},
        {"bell", "a small result given, telling so", between, at_work, delivered, submit_write<1>},
        {"after", "right after the result", between, at_work, delivered, submit_write<after_all>},
        {"idle", "later, in a thread", thread, moment::when_idle, delivered, submit_with_folder<faults::when_idle>},
        {"exit", "in a static destructor", between, moment::at_exit, delivered, submit_with_fault<faults::at_exit>},
        {"stop", "when a shutdown asks it to stop", place::task, moment::when_asked, begun,
         submit_with_folder<faults::when_asked>},
    };
    return table;
}

} // namespace faults
