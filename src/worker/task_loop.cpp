#include <worker/task_loop.hpp>

#include <empty_buffer.hpp>
#include <process_mark.hpp>
#include <schedule/deadlines.hpp>
#include <tandem/codec.hpp>
#include <tandem/detail/call_sequence.hpp>
#include <tandem/detail/copy_bytes.hpp>
#include <tandem/error.hpp>
#include <worker/marker.hpp>
#include <worker/standard_output.hpp>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>

namespace tandem::worker {
namespace {

using channel::frame;
using channel::frame_kind;
using std::chrono::steady_clock;

constexpr std::size_t longest_reason = 500;

// From this size on, what a message was made of, or decoded to, is worth giving back.
constexpr std::uint64_t large_message = 4 << 20;
// As long as a worker has nothing to do before: the next task would have to get the memory again.
constexpr std::chrono::milliseconds idle_time{100};

// What lies between memory that is in use. The C library keeps that, where it was small allocations: strings, map nodes.
void give_back_free_memory() noexcept
{
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

channel::task_call head_of(const frame& f)
{
    channel::task_call head;
    if (f.payload.size() < sizeof head)
        throw std::runtime_error("the pool sent a call without a head");
    std::memcpy(&head, f.payload.data(), sizeof head);
    return head;
}

} // namespace

task_loop::task_loop(frame_stream& frames, status::status_page& page, watcher& w,
                     std::vector<const detail::task_entry*> tasks, const channel::worker_settings& settings,
                     large_values& large)
    : frames_(frames), page_(page), watcher_(w), tasks_(std::move(tasks)), settings_(settings), large_(large),
      cpu_limit_(settings.limits.cpu_time), usage_(page, settings.reports_memory),
      output_(page, settings.marks_output, log_out), results_(page.results)
{
}

void task_loop::run()
{
    if (!settings_.has_initializer && settings_.reports_ready) {
        channel::append_frame(frames_.outgoing(), frame_kind::ready, 0, {});
        frames_.flush();
    }
    usage_.begin();
    while (const auto f = frames_.read([this] { before_waiting(); })) {
        if (channel::is_call(f->kind))
            run_task(*f);
        else if (f->kind == frame_kind::initialize)
            initialize(*f);
        else
            throw std::runtime_error("the pool sent a frame of an unexpected kind");
    }
}

void task_loop::run_task(const frame& f)
{
    ++received_;
    note_message(f.payload.size());
    const channel::task_call head = head_of(f);
    auto& slot = page_.slots.at(head.slot);
    if (head.length == channel::call_length::perhaps_long)
        tell();
    // To look at a clock takes longer than the smallest tasks do. A limit of CPU time counts from a task's very begin.
    const bool is_brief = head.length == channel::call_length::brief && !cpu_limit_.is_set();
    if (now_ == time_point() || (!is_brief && unmeasured_ != 0))
        look_at_clock();
    output_.begin(head.slot);
    if (!slot.begin(f.id, now_))
        return; // taken back
    answer(frame_kind::result, f.id, [&](std::vector<std::byte>& result) { call(f, head, result); });
    end(slot, !is_brief || unmeasured_ + 1 == channel::most_unmeasured || !frames_.has_more());
    output_.end(head.slot, f.id);
    if (settings_.reports_memory || settings_.limits.resident_memory != 0)
        large_.leave();
    usage_.update(now_);
    deliver(f); // now: what the next task does must not cost this one its result
    if (untold_ && now_ - untold_since_ >= std::max<steady_clock::duration>(channel::longest_untold, channel::untold_units(head.untold)))
        tell();
}

void task_loop::look_at_clock()
{
    const bool has_waited = now_ == time_point();
    now_ = steady_clock::now();
    unmeasured_ = 0;
    if (has_waited)
        last_wait_ = now_ - waits_since_;
}

// Several that were not measured one by one took the same.
void task_loop::end(status::slot& of, bool is_measured)
{
    ++unmeasured_;
    if (!is_measured) {
        of.end(now_);
        return;
    }
    const auto begun = now_;
    const auto tasks = unmeasured_;
    look_at_clock();
    of.end(begun + (now_ - begun) / tasks);
}

void task_loop::deliver(const frame& call)
{
    auto& out = frames_.outgoing();
    bool is_put = (out.size() <= channel::stored_result || channel::is_sequence(call.kind)) && results_.put(out);
    if (!is_put) {
        note_message(out.size());
        store(call.id);
        is_put = results_.put(out);
    }
    if (is_put) {
        detail::empty_buffer(out); // it may have been large
    } else {
        results_.put_notice(call.id);
        frames_.flush();
    }
    if (!std::exchange(untold_, true))
        untold_since_ = now_;
}

void task_loop::tell()
{
    if (!std::exchange(untold_, false) || !results_.must_ring())
        return;
    channel::append_frame(frames_.outgoing(), frame_kind::bell, 0, {});
    frames_.flush();
}

void task_loop::before_waiting()
{
    tell();
    output_.wait();
    now_ = {};
    waits_since_ = steady_clock::now();
    const auto& tasks = page_.tasks;
    if (tasks.may_stay_awake.load(std::memory_order_relaxed) != 0 && last_wait_ <= channel::longest_brief_wait)
        while (tasks.sent.load(std::memory_order_acquire) == received_ &&
               steady_clock::now() - waits_since_ <= channel::longest_brief_wait)
            std::this_thread::yield(); // the pool may be on the same processor
    if (largest_message_ >= large_message && !frames_.has_input_within(idle_time)) {
        largest_message_ = 0;
        give_back_free_memory();
    }
}

void task_loop::initialize(const frame& f)
{
    const channel::task_call head = head_of(f);
    answer(frame_kind::ready, f.id, [&](std::vector<std::byte>& result) {
        const std::size_t before = result.size();
        call(f, head, result);
        result.resize(before);
        if (large_.results())
            large_.results()->discard();
    });
    frames_.flush();
}

void task_loop::call(const frame& f, const channel::task_call& head, std::vector<std::byte>& result)
{
    const std::chrono::nanoseconds limit(head.run_timeout);
    const bool is_limited = limit > std::chrono::nanoseconds::zero();
    const bool is_timed = is_limited || cpu_limit_.is_set();
    auto begin = now_; // of the call that runs
    detail::task_context context{&watcher_.stops()};
    const detail::task_context::scope scope{context};
    struct running
    {
        running_task& task;
        ~running() { task.end(); }
    };
    watcher_.task().begin(f.id, context);
    const running guard{watcher_.task()};
    const auto run = [&](std::span<const std::byte> arguments, std::vector<std::byte>& out) {
        if (is_limited)
            context.set_deadline(schedule::deadline_after(begin, limit));
        cpu_limit_.begin(begin);
        const process_mark::scope only_here; // a child that the task forked must not take the next call
        entry_of(head).run(arguments, large_.arguments(), out, large_.results());
    };
    const auto arguments = arguments_of(f);
    if (!channel::is_sequence(f.kind)) {
        run(arguments, result);
        return;
    }
    detail::call_sequence calls(arguments);
    auto& slot = page_.slots.at(head.slot);
    for (bool is_first = true; calls.has_next(); is_first = false) {
        if (is_timed && !is_first) {
            begin = steady_clock::now();
            if (is_limited)
                slot.begin_next(begin);
        }
        if (!slot.begin_item())
            break; // the others were taken back
        detail::call_sequence::add(result, [&](std::vector<std::byte>& out) { run(calls.next().value(), out); });
    }
}

std::span<const std::byte> task_loop::arguments_of(const frame& f)
{
    const auto rest = f.payload.subspan(sizeof(channel::task_call));
    if (!channel::is_stored(f.kind))
        return rest;
    if (!large_.arguments())
        throw std::runtime_error("the pool stored arguments where this worker sees none");
    const channel::stored_payload stored = channel::read_stored_payload(rest);
    note_message(stored.size);
    return {large_.arguments()->find(stored.position, stored.size), static_cast<std::size_t>(stored.size)};
}

// The result goes to shared memory, where there is room; else it stays as it is.
void task_loop::store(std::uint64_t id) noexcept
{
    auto& out = frames_.outgoing();
    const channel::frame f = channel::frame_at(out, 0);
    arena::result_writer* const large = large_.results();
    if (!large || (f.kind != frame_kind::result && f.kind != frame_kind::large_result))
        return;
    try {
        const auto place = large->make_room(f.payload.size());
        if (!place)
            return;
        detail::copy_bytes(place->memory, f.payload.data(), f.payload.size());
        large->keep_for(id);
        const channel::stored_payload stored{place->position, f.payload.size()};
        out.clear();
        channel::append_frame(out, frame_kind::stored_result, id, std::as_bytes(std::span(&stored, 1)));
    } catch (const std::exception&) {
        large->discard();
    }
}

// Appends what `make` appends, or the failure that it throws.
template <class Make>
void task_loop::answer(frame_kind success, std::uint64_t id, Make make)
{
    const process_mark::scope only_here; // also of one that was forked while an exception was encoded or destroyed
    auto& out = frames_.outgoing();
    const std::size_t before = out.size();
    arena::result_writer* const large = large_.results();
    try {
        const auto begin = channel::begin_frame(out, success, id);
        make(out);
        const std::size_t size = out.size() - begin - sizeof(channel::frame_header) + (large ? large->size() : 0);
        if (size > settings_.max_message_size)
            throw task_error(errc::message_too_large, "the task's result has " + std::to_string(size) + " bytes");
        channel::end_frame(out, begin);
        if (large && large->keep_for(id))
            channel::change_kind(out, begin, frame_kind::large_result);
    } catch (const std::bad_alloc&) {
        out.resize(before);
        if (large)
            large->discard();
        const auto limit = settings_.limits.address_space;
        append_failure(id, limit == 0 ? std::current_exception()
                                      : std::make_exception_ptr(
                                            task_error(errc::memory_limit, "the worker may have an address space of " +
                                                                               std::to_string(limit) + " bytes")));
    } catch (...) {
        out.resize(before);
        if (large)
            large->discard();
        append_failure(id, std::current_exception());
    }
    flush_standard_output();
}

void task_loop::append_failure(std::uint64_t id, const std::exception_ptr& e)
{
    const std::size_t before = frames_.outgoing().size();
    std::exception_ptr instead;
    try {
        const std::size_t size = try_append_failure(id, e);
        if (size <= settings_.max_message_size)
            return;
        instead = std::make_exception_ptr(
            task_error(errc::message_too_large, "the task's exception has " + std::to_string(size) + " bytes"));
    } catch (const std::exception& error) { // what register_exception() was given, or no memory
        instead = std::make_exception_ptr(
            task_error(errc::encode_failed, "the task's exception: " + std::string(error.what()).substr(0, longest_reason)));
    } catch (...) {
        instead = std::make_exception_ptr(task_error(errc::encode_failed, "the task's exception"));
    }
    frames_.outgoing().resize(before);
    try_append_failure(id, instead);
}

std::size_t task_loop::try_append_failure(std::uint64_t id, const std::exception_ptr& e)
{
    auto& out = frames_.outgoing();
    const auto begin = channel::begin_frame(out, frame_kind::failure, id);
    detail::encode_exception(out, e);
    const std::size_t size = out.size() - begin - sizeof(channel::frame_header);
    if (size > settings_.max_message_size)
        out.resize(begin);
    else
        channel::end_frame(out, begin);
    return size;
}

const detail::task_entry& task_loop::entry_of(const channel::task_call& head) const
{
    if (head.position >= tasks_.size())
        throw task_error(errc::unknown_task, "task number " + std::to_string(head.position));
    return *tasks_[head.position];
}

} // namespace tandem::worker
