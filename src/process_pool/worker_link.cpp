#include <process_pool/worker_link.hpp>

#include <tandem/codec.hpp>
#include <tandem/detail/copy_bytes.hpp>

#include <array>
#include <cstring>
#include <optional>

namespace tandem::detail {
namespace {

channel::call_length length_of(const task_operation& operation, std::chrono::nanoseconds longest_untold)
{
    using channel::call_length;
    if (!operation.cost || !operation.cost->is_known())
        return call_length::perhaps_long;
    const auto expected = operation.cost->mean() * operation.items;
    if (expected > longest_untold)
        return call_length::perhaps_long;
    // The run that has a deadline is measured from its very begin.
    const bool is_brief = expected <= channel::longest_brief && operation.options->run_timeout.count() <= 0;
    return is_brief ? call_length::brief : call_length::usual;
}

// Nothing where they are small, or there is no room.
std::optional<channel::stored_payload> store_arguments(task_operation& operation, arena::argument_memory* memory)
{
    const auto arguments = operation.message.subspan(message_head_size);
    if (arguments.size() < (operation.is_sequence ? channel::stored_sequence : channel::stored_arguments) || !memory)
        return std::nullopt;
    auto room = memory->room_for_call();
    const auto place = room->make_room(arguments.size());
    if (!place)
        return std::nullopt;
    copy_bytes(place->memory, arguments.data(), arguments.size());
    operation.set_stored(std::move(room));
    return channel::stored_payload{place->position, arguments.size()};
}

} // namespace

worker_link::worker_link(schedule::worker_id i, launched_worker started, std::size_t max_message_size)
    : id(i), process(std::move(started.process)),
      frames(std::move(started.frames_in), std::move(started.frames_out), max_message_size),
      results(started.page->results), log(std::move(started.log), started.page->log), page_(std::move(started.page)),
      large_results_(std::move(started.large_results)), control_(std::move(started.control))
{
}

void worker_link::greet(const channel::hello& message, const channel::worker_settings& settings,
                        const worker_initializer& initializer)
{
    at = stage::greeted;
    names_ = message.tasks;
    for (std::size_t i = 0; i < names_.size(); ++i)
        positions_by_name_.emplace(names_[i], static_cast<std::uint32_t>(i));
    auto& out = frames.outgoing();
    auto begin = channel::begin_frame(out, channel::frame_kind::settings, 0);
    encode(out, settings);
    channel::end_frame(out, begin);
    if (!initializer || !knows(initializer.entry()))
        return;
    begin = channel::begin_frame(out, channel::frame_kind::initialize, 0);
    const channel::task_call head{.position = position_of(initializer.entry())};
    const auto bytes = std::as_bytes(std::span(&head, 1));
    out.insert(out.end(), bytes.begin(), bytes.end());
    out.insert(out.end(), initializer.arguments().begin(), initializer.arguments().end());
    channel::end_frame(out, begin);
}

std::uint32_t worker_link::find(const task_entry& entry)
{
    const auto named = positions_by_name_.find(entry.mangled_name());
    last_entry_ = &entry;
    return last_position_ = named == positions_by_name_.end() ? unknown : named->second;
}

void worker_link::let_worker_stay_awake(bool may) noexcept
{
    auto& flag = page_->tasks.may_stay_awake;
    const std::uint32_t value = may ? 1 : 0;
    if (flag.load(std::memory_order_relaxed) != value) // else the worker's cache keeps it
        flag.store(value, std::memory_order_relaxed);
}

void worker_link::tell_sent() noexcept
{
    page_->tasks.sent.store(calls_to_send_, std::memory_order_release);
}

void worker_link::append_call(task_operation& operation, arena::argument_memory* memory, std::chrono::nanoseconds longest_untold)
{
    if (free_slots_.empty()) {
        operation.slot = next_slot_++;
    } else {
        operation.slot = free_slots_.back();
        free_slots_.pop_back();
    }
    operation.call = next_call_++;
    ++calls_to_send_;
    slot_of(operation).send(operation.call, operation.items);
    const channel::task_call head{.position = position_of(*operation.entry),
                                  .slot = static_cast<std::uint16_t>(operation.slot),
                                  .length = length_of(operation, longest_untold),
                                  .untold = static_cast<std::uint8_t>(
                                      std::chrono::duration_cast<channel::untold_units>(longest_untold).count()),
                                  .run_timeout = operation.options->run_timeout.count()};
    static_assert(sizeof head == message_head_size);
    std::memcpy(operation.message.data(), &head, sizeof head);
    using channel::frame_kind;
    if (const auto stored = store_arguments(operation, memory)) {
        std::array<std::byte, sizeof head + sizeof *stored> payload;
        std::memcpy(payload.data(), &head, sizeof head);
        std::memcpy(payload.data() + sizeof head, &*stored, sizeof *stored);
        channel::append_frame(frames.outgoing(), operation.is_sequence ? frame_kind::stored_tasks : frame_kind::stored_task,
                              operation.call, payload);
    } else {
        channel::append_frame(frames.outgoing(), operation.is_sequence ? frame_kind::tasks : frame_kind::task, operation.call,
                              operation.message);
    }
}

void worker_link::remove_revoked()
{
    if (!std::exchange(has_revoked_, false))
        return;
    const auto removed = frames.remove_unsent([this](const channel::frame& f) {
        if (!channel::is_call(f.kind))
            return false;
        channel::task_call head;
        std::memcpy(&head, f.payload.data(), sizeof head);
        return !page_->slots[head.slot].is_sent(f.id);
    });
    calls_to_send_ -= static_cast<std::uint32_t>(removed);
}

void worker_link::ask_to_stop(const task_operation& operation) noexcept
{
    control_->ask_to_stop(operation.call);
}

void worker_link::let_go() noexcept
{
    end_frames();
    if (at != stage::started) // else it does not look, and would outlive a program that ends meanwhile
        control_->close();
}

void worker_link::close() noexcept
{
    end_frames();
    control_->close();
    frames.close();
    log.cancel_wait();
}

} // namespace tandem::detail
