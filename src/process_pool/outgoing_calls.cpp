#include <process_pool/outgoing_calls.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace tandem::detail {
namespace {

constexpr std::uint64_t pipe_size = 64 * 1024; // by default

} // namespace

using boost::system::error_code;
using schedule::time_point;

// Where there is more to do than the workers have, each one tells what it has done when it has half of that left: it must not
// wait for more.
void outgoing_calls::add(task_operation& operation, const link_ptr& link)
{
    if (!std::exchange(link->is_unflushed, true)) {
        unflushed_.push_back(link);
        link->longest_untold_among_many = std::clamp<std::chrono::nanoseconds>(
            state_.scheduler.load(link->id) / 2, channel::longest_untold, channel::longest_untold_among_many);
    }
    const bool others_wait = operation.others_follow || state_.scheduler.waiting() != 0;
    link->append_call(operation, state_.arguments.get(),
                      others_wait ? link->longest_untold_among_many : std::chrono::nanoseconds(channel::longest_untold));
    if (!operation.previous) // the worker has nothing else
        link->is_urgent = true;
}

void outgoing_calls::flush(const link_ptr& link)
{
    link->remove_revoked();
    if (!link->frames.is_waiting_writable())
        write(link, pipe_size + 1);
}

// `progress`: so many bytes show that the worker reads. Where it reads as fast as they are written, a large call is written
// at once, which takes a while.
// The system may lack memory for what a pipe holds: then the rest of a call would never come.
void outgoing_calls::write(const link_ptr& link, std::uint64_t progress)
{
    const std::uint64_t sent = link->frames.bytes_sent();
    if (!link->frames.flush_now())
        wait_writable(link);
    if (link->frames.bytes_sent() - sent >= progress)
        state_.scheduler.worker_progressed(link->id, loop_.now());
    const error_code& error = link->frames.write_error();
    if (!error || error == boost::asio::error::bad_descriptor || !link->fault.empty()) // it is let go
        return;
    link->fault_is_ours = true;
    link->fault = "could not be written to: " + error.message();
    state_.scheduler.kill_worker(link->id, state_.actions);
}

void outgoing_calls::wait_writable(const link_ptr& link)
{
    if (link->frames.is_waiting_writable())
        return;
    link->frames.async_wait_writable(
        continue_with(events_, [this, link](const error_code& error, time_point, completion_batch&) {
            link->frames.writable_done();
            if (!error)
                flush_rest(link);
        }));
}

void outgoing_calls::flush_rest(const link_ptr& link)
{
    if (!link->frames.has_unsent())
        return;
    link->remove_revoked();
    write(link, 1);
}

void outgoing_calls::flush_urgent(time_point now)
{
    std::erase_if(unflushed_, [this, now](const link_ptr& link) {
        if (!link->is_urgent)
            return false;
        flush_marked(link, now);
        return true;
    });
    if (!unflushed_.empty())
        flush_later();
}

void outgoing_calls::flush_later()
{
    if (is_flush_posted_)
        return;
    loop_.post(continue_with(events_, [this](const error_code&, time_point, completion_batch&) { is_flush_posted_ = false; }));
    is_flush_posted_ = true;
}

void outgoing_calls::flush_all(time_point now)
{
    for (const link_ptr& link : unflushed_)
        flush_marked(link, now);
    unflushed_.clear();
}

void outgoing_calls::flush_marked(const link_ptr& link, time_point now)
{
    const bool is_urgent = std::exchange(link->is_urgent, false);
    link->is_unflushed = false;
    if (!state_.links.contains(link->id))
        return;
    flush(link);
    if (is_urgent)
        poll_.begin(*link, now);
    link->tell_sent();
}

} // namespace tandem::detail
