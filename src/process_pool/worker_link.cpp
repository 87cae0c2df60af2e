#include <process_pool/worker_link.hpp>

#include <tandem/codec.hpp>

#include <unistd.h>

#include <cstring>

namespace tandem::detail {
namespace {

// A worker without it sends its large results through the pipe.
std::shared_ptr<arena::result_memory> make_result_memory(const arena::argument_memory* arguments)
{
    try {
        return arguments ? std::make_shared<arena::result_memory>(arguments->size()) : nullptr;
    } catch (const std::exception&) {
        return nullptr;
    }
}

channel::call_length length_of(const task_operation& operation)
{
    using channel::call_length;
    if (!operation.cost || !operation.cost->is_known())
        return call_length::perhaps_long;
    const auto expected = operation.cost->mean() * operation.items;
    if (expected > channel::longest_untold)
        return call_length::perhaps_long;
    // The run that has a deadline is measured from its very begin.
    const bool is_brief = expected <= channel::longest_brief && operation.options->run_timeout.count() <= 0;
    return is_brief ? call_length::brief : call_length::usual;
}

std::vector<int> shared_descriptors(const status::shared_page& page, const arena::argument_memory* arguments,
                                    const std::shared_ptr<arena::result_memory>& results)
{
    std::vector<int> fds{page.number()};
    if (arguments)
        fds.push_back(arguments->worker_descriptor());
    if (results)
        fds.push_back(results->worker_descriptor());
    return fds;
}

} // namespace

worker_link::worker_link(schedule::worker_id i, const boost::asio::any_io_executor& executor,
                         const launch::target& program, std::size_t max_message_size,
                         const arena::argument_memory* arguments)
    : worker_link(i, executor, program, max_message_size, arguments, std::make_unique<status::shared_page>(),
                  make_result_memory(arguments), launch::pipe_ends())
{
}

worker_link::worker_link(schedule::worker_id i, const boost::asio::any_io_executor& executor,
                         const launch::target& program, std::size_t max_message_size,
                         const arena::argument_memory* arguments, std::unique_ptr<status::shared_page> page,
                         std::shared_ptr<arena::result_memory> large, launch::pipe_ends pipes)
    : id(i), process(executor, program, shared_descriptors(*page, arguments, large), pipes),
      frames(executor, pipes.frames_in, pipes.frames_out, max_message_size), results((*page)->results),
      log(executor, pipes.log_in), page_(std::move(page)), large_results_(std::move(large)), control_(pipes.control),
      frames_out_reader_(pipes.frames_out_reader), control_reader_(pipes.control_reader)
{
    page_->close_descriptor();
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
    auto& flag = (*page_)->tasks.may_stay_awake;
    const std::uint32_t value = may ? 1 : 0;
    if (flag.load(std::memory_order_relaxed) != value) // else the worker's cache keeps it
        flag.store(value, std::memory_order_relaxed);
}

void worker_link::tell_sent() noexcept
{
    (*page_)->tasks.sent.store(calls_to_send_, std::memory_order_release);
}

void worker_link::append_call(task_operation& operation)
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
                                  .length = length_of(operation),
                                  .run_timeout = operation.options->run_timeout.count()};
    static_assert(sizeof head == message_head_size);
    std::memcpy(operation.message.data(), &head, sizeof head);
    channel::append_frame(frames.outgoing(), operation.is_sequence ? channel::frame_kind::tasks : channel::frame_kind::task,
                          operation.call, operation.message);
}

void worker_link::remove_revoked()
{
    if (!std::exchange(has_revoked_, false))
        return;
    const auto removed = frames.remove_unsent([this](const channel::frame& f) {
        if (f.kind != channel::frame_kind::task && f.kind != channel::frame_kind::tasks)
            return false;
        channel::task_call head;
        std::memcpy(&head, f.payload.data(), sizeof head);
        return !(*page_)->slots[head.slot].is_sent(f.id);
    });
    calls_to_send_ -= static_cast<std::uint32_t>(removed);
}

void worker_link::ask_to_stop(const task_operation& operation) noexcept
{
    // One number for a task that runs, and a pipe holds thousands: it cannot be full.
    [[maybe_unused]] const auto written = ::write(control_.get(), &operation.call, sizeof operation.call);
}

void worker_link::let_go() noexcept
{
    end_frames();
    control_.close();
    frames_out_reader_.close();
    control_reader_.close();
}

void worker_link::close() noexcept
{
    let_go();
    frames.close();
    log.cancel_wait();
}

} // namespace tandem::detail
