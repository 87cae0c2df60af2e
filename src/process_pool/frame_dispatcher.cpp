#include <process_pool/frame_dispatcher.hpp>

#include <launch/program.hpp>

#include <tandem/codec.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

namespace tandem::detail {
namespace {

using boost::system::error_code;
using schedule::time_point;

// What a worker says that is longer is not believed: it would not go into a mean.
constexpr std::chrono::nanoseconds longest_took = std::chrono::hours(24);

std::string printable(std::span<const std::byte> bytes)
{
    constexpr std::size_t shown = 80;
    std::string text;
    for (const std::byte byte : bytes.first(std::min(bytes.size(), shown))) {
        const auto c = static_cast<unsigned char>(byte);
        text += std::isprint(c) != 0 ? static_cast<char>(c) : ' ';
    }
    return text;
}

std::string said_instead_of_hello(worker_link& link)
{
    return "wrote \"" + printable(link.frames.reader().unread()) + "\" instead of a hello";
}

} // namespace

void frame_dispatcher::read(worker_link& link, extent which, time_point now, completion_batch& completions)
{
    if (link.ended || is_over(link, which))
        return;
    const error_code error = read_frames(link, which, now, completions);
    if (!error || error == boost::asio::error::would_block || !link.fault.empty())
        return;
    if (error != boost::asio::error::eof && error != boost::asio::error::bad_descriptor) {
        link.fault_is_ours = true;
        mark_faulty(link, "could not be read from: " + error.message());
        return;
    }
    // Mostly it is about to end by itself; else it is killed in a while.
    link.silent = true;
    state_.scheduler.worker_leaves(link.id, now);
}

void frame_dispatcher::read_last(worker_link& link, time_point now, completion_batch& completions)
{
    // It may still be in the pipe; and where it closed that, in the ring.
    read_frames(link, extent::all, now, completions);
    take_frames(link, extent::all, now, completions);
    if (link.at == worker_link::stage::started && link.fault.empty() && !link.frames.reader().unread().empty())
        link.fault = said_instead_of_hello(link);
}

// Ends with would_block where all that had come was read.
error_code frame_dispatcher::read_frames(worker_link& link, extent which, time_point now, completion_batch& completions)
{
    // A worker that writes without end must not hold up the others: the rest is read with the next call.
    constexpr int most_reads = 16;
    const std::uint64_t received = link.frames.bytes_received();
    error_code error;
    for (int i = 0; i != most_reads && !error && !link.silent && link.fault.empty() && !is_over(link, which); ++i) {
        error = link.frames.read_now();
        if (link.frames.bytes_received() != received)
            link.heard = now;
        take_frames(link, which, now, completions);
    }
    link.frames.reader().give_back(); // the worker may have nothing to say for long
    return error;
}

void frame_dispatcher::take_frames(worker_link& link, extent which, time_point now, completion_batch& completions)
{
    using fault = channel::frame_reader::fault;
    if (!state_.links.contains(link.id))
        return;
    for (;;) {
        take_results(link, which, now, completions);
        if (!link.fault.empty() || is_over(link, which))
            return;
        const auto f = link.frames.reader().next();
        if (!f)
            break;
        if (link.at == worker_link::stage::started) {
            take_hello(link, *f, now, completions);
        } else if (link.at == worker_link::stage::greeted) {
            take_readiness(link, *f, now, completions);
        } else if (f->kind != channel::frame_kind::bell) {
            link.next_is_in_pipe = false;
            take_outcome(link, *f, now, completions);
        }
        if (!link.fault.empty())
            return;
    }
    const fault wrong = link.frames.reader().what_is_wrong();
    if (wrong == fault::none || !link.fault.empty())
        return;
    if (link.at == worker_link::stage::started)
        mark_faulty(link, said_instead_of_hello(link));
    else
        mark_faulty(link, wrong == fault::too_large ? "sent a frame over max_message_size" : "sent a malformed frame");
}

void frame_dispatcher::take_results(worker_link& link, extent which, time_point now, completion_batch& completions)
{
    if (is_over(link, which))
        return;
    const bool asks = output_.wants_tasks();
    while (link.at == worker_link::stage::ready && !link.next_is_in_pipe && link.fault.empty() && !(asks && is_over(link, which))) {
        if (const auto f = link.results.next()) {
            if (f->kind == channel::frame_kind::in_pipe)
                link.next_is_in_pipe = true;
            else
                take_outcome(link, *f, now, completions);
        } else if (link.results.is_faulty()) {
            mark_faulty(link, "left a malformed result");
        } else if (!link.results.sleep()) {
            return;
        }
    }
}

void frame_dispatcher::take_hello(worker_link& link, const channel::frame& f, time_point now, completion_batch& completions)
{
    if (f.kind != channel::frame_kind::hello || (f.id & ~std::uint64_t{0xffff}) != channel::protocol_magic) {
        mark_faulty(link, "did not begin with a hello");
        return;
    }
    if (f.id != channel::hello_id) {
        link.wrong_version = true;
        mark_faulty(link, "speaks version " + std::to_string(f.id & 0xffff) + " of the protocol, this program version " +
                        std::to_string(channel::protocol_version));
        return;
    }
    const channel::worker_settings settings{.max_message_size = state_.options.max_message_size,
                                            .reports_memory = state_.options.retire.resident_memory != 0,
                                            .marks_output = output_.wants_tasks(),
                                            .has_initializer = static_cast<bool>(state_.options.initializer),
                                            .reports_ready = state_.options.initializer ||
                                                             state_.options.limits != worker_limits(),
                                            .argument_memory = state_.arguments ? state_.arguments->size() : 0,
                                            .result_memory = link.large_results() ? link.large_results()->size() : 0,
                                            .limits = state_.options.limits};
    try {
        link.greet(decode<channel::hello>(f.payload), settings, state_.options.initializer);
    } catch (const std::bad_alloc& e) {
        link.fault_is_ours = true;
        mark_faulty(link, std::string("was not understood: ") + e.what());
        return;
    } catch (const std::exception& e) {
        mark_faulty(link, std::string("sent a malformed hello: ") + e.what());
        return;
    }
    if (state_.options.initializer && !link.knows(state_.options.initializer.entry())) {
        link.failure_told = true;
        starter_.fail({errc::unknown_task,
                    '"' + launch::name_of(state_.options.worker) + "\", task " + state_.options.initializer.entry().name(),
                    false,
                    {}},
                   completions);
        mark_faulty(link, "does not know the initializer");
        return;
    }
    calls_.flush(state_.links.at(link.id));
    if (settings.reports_ready)
        state_.scheduler.worker_greeted(link.id, now);
    else
        becomes_ready(link, now);
}

void frame_dispatcher::take_readiness(worker_link& link, const channel::frame& f, time_point now, completion_batch& completions)
{
    if (f.kind == channel::frame_kind::ready) {
        becomes_ready(link, now);
    } else if (f.kind == channel::frame_kind::failure && state_.options.initializer) {
        link.failure_told = true;
        output_.read_all(link);
        starter_.fail(threw_in_initializer(link, state_.options.initializer, f.payload), completions);
        mark_faulty(link, "failed in its initializer");
    } else {
        mark_faulty(link, "sent a frame that nobody asked for");
    }
}

void frame_dispatcher::becomes_ready(worker_link& link, time_point now)
{
    link.at = worker_link::stage::ready;
    state_.scheduler.worker_ready(link.id, now, state_.actions);
}

void frame_dispatcher::take_outcome(worker_link& link, const channel::frame& f, time_point now, completion_batch& completions)
{
    schedule::task* const t = state_.scheduler.task_of(link.id);
    const bool is_stored = f.kind == channel::frame_kind::stored_result;
    const bool is_large = (is_stored || f.kind == channel::frame_kind::large_result) && link.large_results();
    const bool is_outcome = is_large || f.kind == channel::frame_kind::result || f.kind == channel::frame_kind::failure;
    if (!is_outcome || !t || operation_of(*t).call != f.id) {
        mark_faulty(link, "sent a frame that nobody asked for");
        return;
    }
    auto& operation = operation_of(*t);
    if (operation.slot == task_operation::no_slot) {
        mark_faulty(link, "answered a call that it was not sent");
        return;
    }
    if (output_.wants_tasks())
        output_.read_output_of(link, operation); // it comes before the outcome
    link.answer.end(now);
    auto took = std::clamp(link.slot_of(operation).took(), std::chrono::nanoseconds(0), longest_took);
    if (operation.is_sequence && operation.options->run_timeout > std::chrono::nanoseconds(0))
        took *= operation.items; // each has its own begin, so that was of the last one
    operation.set_took(took);
    const auto memory = link.page().resident_memory.load(std::memory_order_relaxed);
    link.free_slot(operation);
    // Made also where nobody wants the result: the worker is to know that it can have the memory back.
    const std::size_t in_shared_memory = state_.options.max_message_size - (is_stored ? 0 : f.payload.size());
    auto large = is_large ? link.large_results()->result_of(f.id, in_shared_memory) : nullptr;
    if (!state_.scheduler.task_finished(link.id, took, memory, now, state_.actions))
        return;
    completions.add(&operation, f.payload, f.kind == channel::frame_kind::failure ? link.process->pid() : 0, std::move(large), is_stored);
    tasks_.forget(operation);
    state_.counts.completed += operation.items;
}

void frame_dispatcher::mark_faulty(worker_link& link, std::string fault)
{
    link.fault = std::move(fault);
    state_.scheduler.kill_worker(link.id, state_.actions);
}

} // namespace tandem::detail
