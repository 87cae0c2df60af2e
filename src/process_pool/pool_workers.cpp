// What workers do, and how it is watched: they start, say hello, send outcomes, misbehave, end.
#include <process_pool/pool.hpp>

#include <tandem/codec.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

namespace tandem::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using schedule::time_point;
using schedule::worker_id;

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

// --- starting

void pool::post_launch(worker_id id)
{
    asio::post(executor_, [self = shared_from_this(), id] { self->launch(id); });
}

void pool::launch(worker_id id)
{
    {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return;
        ++launching_;
        ++counts_.workers_started;
    }
    link_ptr link;
    start_failure failure;
    try {
        link = std::make_shared<worker_link>(id, executor_, options_.worker, options_.max_message_size, arguments_.get());
    } catch (const boost::system::system_error& e) {
        failure = not_started(options_.worker, e.code());
    } catch (const std::exception& e) {
        failure = {errc::start_failed, e.what(), true};
    }
    bool closed = false;
    {
        const std::lock_guard lock(mutex_);
        if (link)
            links_.emplace(id, link); // close() collects it, if that waits for us
        closed = closed_;
        --launching_;
        launched_.notify_all(); // under the lock: close() may destroy us right after
    }
    if (closed)
        return;
    handle(completion_mode::dispatch, [&](time_point now, aftermath& after) {
        if (!link) {
            ++counts_.start_failures;
            fail_start(failure, after);
            scheduler_.worker_gone(id, failure.can_start_again, now, actions_);
        } else {
            scheduler_.worker_launched(id, now);
            if (scheduler_.is_ending(id)) // unwanted meanwhile
                link->process.kill_group();
            if (watching_)
                watch(link);
        }
    });
}

void pool::fail_start(const start_failure& failure, aftermath& after)
{
    last_start_failure_ = failure;
    for (auto& wait : start_waits_)
        after.waits.emplace_back(std::move(wait), failed_start(failure));
    start_waits_.clear();
    scheduler_.stop_starting_all();
}

// --- watching

bool pool::has_work() const noexcept
{
    return scheduler_.queued() != 0 || scheduler_.running() != 0 || scheduler_.workers() != scheduler_.idle_workers();
}

void pool::watch_all()
{
    if (std::exchange(watching_, true))
        return;
    for (auto& [id, link] : links_)
        watch(link);
}

// Of every wait for something of a worker's. However the wait ended, there may be something: `look` looks. A wait that was
// cancelled may be wanted again by now, since a task can come before its handler runs.
template <class Look>
auto pool::wait_handler(const link_ptr& link, Look look)
{
    return [self = shared_from_this(), link, look](const error_code&) {
        self->handle(completion_mode::dispatch, [&](time_point now, aftermath& after) {
            look(*self, link, now, after);
            if (self->watching_)
                self->watch(link);
        });
    };
}

void pool::watch(const link_ptr& link)
{
    if (link->ended)
        return;
    if (!link->waiting) {
        link->waiting = true;
        link->process.async_wait(wait_handler(link, [](pool& p, const link_ptr& l, time_point now, aftermath& after) {
            l->waiting = false;
            p.on_maybe_ended(l, now, after);
        }));
    }
    if (!link->frames.is_waiting_readable() && !link->silent && link->fault.empty())
        link->frames.async_wait_readable(
            wait_handler(link, [](pool& p, const link_ptr& l, time_point now, aftermath& after) {
                l->frames.readable_done();
                p.on_readable(l, now, after);
            }));
    if (!link->log.is_waiting() && !link->log.is_at_end())
        link->log.async_wait(wait_handler(link, [](pool& p, const link_ptr& l, time_point, aftermath&) {
            l->log.wait_done();
            p.read_log(*l);
        }));
}

void pool::post_idle_check()
{
    // Not at once: what completes now often submits the next task.
    check_posted_ = true;
    asio::post(executor_, [self = shared_from_this()] {
        self->handle(completion_mode::dispatch, [&self](time_point, aftermath&) {
            self->check_posted_ = false;
            if (!self->has_work())
                self->stop_watching();
        });
    });
}

void pool::stop_watching()
{
    watching_ = false;
    for (auto& [id, link] : links_) {
        link->process.cancel_wait();
        link->frames.cancel_wait_readable();
        link->log.cancel_wait();
        read_log(*link);
    }
}

void pool::read_log(worker_link& link)
{
    std::string lines;
    link.log.read_now(lines);
    pass_on(link, lines);
}

void pool::finish_log(worker_link& link)
{
    read_log(link);
    if (const std::string last = link.log.take_unfinished(); !last.empty())
        pass_on(link, last + '\n');
}

void pool::pass_on(const worker_link& link, std::string_view lines)
{
    const schedule::task* const t = output_.wants_tasks() ? scheduler_.task_of(link.id) : nullptr;
    output_.add(lines, {.pid = link.process.pid(),
                        .worker = link.id,
                        .task = t ? operation_of(*t).entry->name() : std::string(),
                        .label = t ? t->options->label.view() : std::string_view()});
}

void pool::find_dead_idle_workers(time_point now, aftermath& after)
{
    for (const auto& [id, link] : std::map(links_)) {
        on_maybe_ended(link, now, after);
        // Nothing is read while nobody works: it may have closed its end, or have said what it should not.
        on_readable(link, now, after);
    }
}

// Where the context is late, a deadline may have passed before what is there was looked at: it is looked at first.
void pool::look_at_due_workers(time_point now, aftermath& after)
{
    for (const worker_id id : scheduler_.due_workers(now)) {
        const auto found = links_.find(id);
        if (found == links_.end())
            continue;
        const link_ptr link = found->second;
        if (link->frames.is_waiting_writable())
            flush_rest(link, now);
        on_maybe_ended(link, now, after);
        on_readable(link, now, after);
    }
}

// --- what workers do

void pool::on_readable(const link_ptr& link, time_point now, aftermath& after)
{
    if (link->ended)
        return;
    const error_code error = read_frames(*link, now, after);
    if (error && error != asio::error::would_block)
        falls_silent(*link, now);
}

// Ends with would_block where all that had come was read.
error_code pool::read_frames(worker_link& link, time_point now, aftermath& after)
{
    // A worker that writes without end must not hold up the others: the rest is read with the next call.
    constexpr int most_reads = 16;
    const std::uint64_t received = link.frames.bytes_received();
    error_code error;
    for (int i = 0; i != most_reads && !error && !link.silent && link.fault.empty(); ++i) {
        error = link.frames.read_now();
        if (link.frames.bytes_received() != received)
            link.heard = now;
        take_frames(link, now, after);
    }
    return error;
}

void pool::falls_silent(worker_link& link, time_point now)
{
    // Mostly it is about to end by itself; else it is killed in a while.
    link.silent = true;
    scheduler_.worker_leaves(link.id, now);
}

void pool::take_frames(worker_link& link, time_point now, aftermath& after)
{
    using fault = channel::frame_reader::fault;
    if (!links_.contains(link.id))
        return;
    for (;;) {
        take_results(link, now, after);
        if (!link.fault.empty())
            return;
        const auto f = link.frames.reader().next();
        if (!f)
            break;
        if (link.at == worker_link::stage::started) {
            take_hello(link, *f, now, after);
        } else if (link.at == worker_link::stage::greeted) {
            take_readiness(link, *f, now, after);
        } else if (f->kind != channel::frame_kind::bell) {
            link.next_is_in_pipe = false;
            take_outcome(link, *f, now, after);
        }
        if (!link.fault.empty())
            return;
    }
    const fault wrong = link.frames.reader().what_is_wrong();
    if (wrong == fault::none || !link.fault.empty())
        return;
    if (link.at == worker_link::stage::started)
        blame(link, said_instead_of_hello(link));
    else
        blame(link, wrong == fault::too_large ? "sent a frame over max_message_size" : "sent a malformed frame");
}

void pool::take_results(worker_link& link, time_point now, aftermath& after)
{
    while (link.at == worker_link::stage::ready && !link.next_is_in_pipe && link.fault.empty()) {
        if (const auto f = link.results.next()) {
            if (f->kind == channel::frame_kind::in_pipe)
                link.next_is_in_pipe = true;
            else
                take_outcome(link, *f, now, after);
        } else if (link.results.is_faulty()) {
            blame(link, "left a malformed result");
        } else if (!link.results.sleep()) {
            return;
        }
    }
}

// A worker rings in a while only, and what it does now may take longer than was thought.
void pool::take_untold_results(time_point now, aftermath& after)
{
    for (const auto& [id, link] : links_)
        take_results(*link, now, after);
}

void pool::take_hello(worker_link& link, const channel::frame& f, time_point now, aftermath& after)
{
    if (f.kind != channel::frame_kind::hello || (f.id & ~std::uint64_t{0xffff}) != channel::protocol_magic) {
        blame(link, "did not begin with a hello");
        return;
    }
    if (f.id != channel::hello_id) {
        link.wrong_version = true;
        blame(link, "speaks version " + std::to_string(f.id & 0xffff) + " of the protocol, this program version " +
                        std::to_string(channel::protocol_version));
        return;
    }
    const channel::worker_settings settings{.max_message_size = options_.max_message_size,
                                            .reports_memory = options_.retire.resident_memory != 0,
                                            .has_initializer = static_cast<bool>(options_.initializer),
                                            .reports_ready = options_.initializer ||
                                                             options_.limits != worker_limits(),
                                            .argument_memory = arguments_ ? arguments_->size() : 0,
                                            .result_memory = link.large_results() ? link.large_results()->size() : 0,
                                            .limits = options_.limits};
    try {
        link.greet(decode<channel::hello>(f.payload), settings, options_.initializer);
    } catch (const std::exception& e) {
        blame(link, std::string("sent a malformed hello: ") + e.what());
        return;
    }
    if (options_.initializer && !link.knows(options_.initializer.entry())) {
        link.failure_told = true;
        fail_start({errc::unknown_task,
                    '"' + launch::name_of(options_.worker) + "\", task " + options_.initializer.entry().name(),
                    false,
                    {}},
                   after);
        blame(link, "does not know the initializer");
        return;
    }
    flush(links_.at(link.id));
    if (settings.reports_ready)
        scheduler_.worker_greeted(link.id, now);
    else
        becomes_ready(link, now);
}

void pool::take_readiness(worker_link& link, const channel::frame& f, time_point now, aftermath& after)
{
    if (f.kind == channel::frame_kind::ready) {
        becomes_ready(link, now);
    } else if (f.kind == channel::frame_kind::failure && options_.initializer) {
        link.failure_told = true;
        read_log(link);
        fail_start(threw_in_initializer(link, options_.initializer, f.payload), after);
        blame(link, "failed in its initializer");
    } else {
        blame(link, "sent a frame that nobody asked for");
    }
}

void pool::becomes_ready(worker_link& link, time_point now)
{
    link.at = worker_link::stage::ready;
    scheduler_.worker_ready(link.id, now, actions_);
}

void pool::take_outcome(worker_link& link, const channel::frame& f, time_point now, aftermath& after)
{
    schedule::task* const t = scheduler_.task_of(link.id);
    const bool is_large = f.kind == channel::frame_kind::large_result && link.large_results();
    const bool is_outcome = is_large || f.kind == channel::frame_kind::result || f.kind == channel::frame_kind::failure;
    if (!is_outcome || !t || operation_of(*t).call != f.id) {
        blame(link, "sent a frame that nobody asked for");
        return;
    }
    if (output_.wants_tasks())
        read_log(link); // what it printed comes before its outcome
    auto& operation = operation_of(*t);
    if (operation.slot == task_operation::no_slot) {
        blame(link, "answered a call that it was not sent");
        return;
    }
    link.answer.end(now);
    operation.took = std::clamp(link.slot_of(operation).took(), std::chrono::nanoseconds(0), longest_took);
    const auto memory = link.page().resident_memory.load(std::memory_order_relaxed);
    link.free_slot(operation);
    // Made also where nobody wants the result: the worker is to know that it can have the memory back.
    auto large = is_large ? link.large_results()->result_of(f.id, options_.max_message_size - f.payload.size()) : nullptr;
    if (!scheduler_.task_finished(link.id, operation.took, memory, now, actions_))
        return;
    forget(operation);
    counts_.completed += operation.items;
    after.add(&operation, f.payload, f.kind == channel::frame_kind::failure ? link.process.pid() : 0, std::move(large));
}

void pool::blame(worker_link& link, std::string fault)
{
    link.fault = std::move(fault);
    scheduler_.kill_worker(link.id, actions_);
}

void pool::on_maybe_ended(const link_ptr& link, time_point now, aftermath& after)
{
    if (link->ended)
        return;
    link->ended = link->process.try_reap();
    if (link->ended)
        bury(link, now, after);
}

void pool::bury(const link_ptr& link, time_point now, aftermath& after)
{
    if (!links_.contains(link->id))
        return;
    // What it wrote last may still be in the pipe; and where it closed that, in the ring.
    read_frames(*link, now, after);
    take_frames(*link, now, after);
    finish_log(*link);
    if (link->at == worker_link::stage::started && link->fault.empty() && !link->frames.reader().unread().empty())
        link->fault = said_instead_of_hello(*link);
    bool can_start_again = true;
    if (scheduler_.has_failed_to_start(link->id)) {
        ++counts_.start_failures;
        if (!link->failure_told)
            fail_start(ended_before_serving(*link, options_), after);
        can_start_again = last_start_failure_.can_start_again;
    } else if (scheduler_.task_of(link->id)) {
        ++counts_.workers_died;
    }
    scheduler_.worker_gone(link->id, can_start_again, now, actions_);
    perform(after); // while the link is there to report on
    if (link->large_results())
        counts_.shared_memory_full += link->large_results()->refused();
    links_.erase(link->id);
    link->close();
}

void pool::flush(const link_ptr& link)
{
    link->remove_revoked();
    if (!link->frames.is_waiting_writable() && !link->frames.flush_now())
        wait_writable(link);
}

void pool::wait_writable(const link_ptr& link)
{
    if (link->frames.is_waiting_writable())
        return;
    link->frames.async_wait_writable([self = shared_from_this(), link](const error_code& error) {
        self->handle(completion_mode::dispatch, [&](time_point now, aftermath&) {
            link->frames.writable_done();
            if (!error)
                self->flush_rest(link, now);
        });
    });
}

// Where the pipe was full: what goes in now shows that the worker reads.
void pool::flush_rest(const link_ptr& link, time_point now)
{
    if (!link->frames.has_unsent())
        return;
    link->remove_revoked();
    const std::uint64_t sent = link->frames.bytes_sent();
    if (!link->frames.flush_now())
        wait_writable(link);
    if (link->frames.bytes_sent() != sent)
        scheduler_.worker_progressed(link->id, now);
}

// Where it is asked for by a user's call: a worker that has nothing else gets its task at once; what is for the others
// waits for more, so that it goes out together.
void pool::flush_urgent(time_point now)
{
    std::erase_if(unflushed_, [this, now](const link_ptr& link) {
        if (!link->is_urgent)
            return false;
        flush_marked(link, now);
        return true;
    });
    if (unflushed_.empty() || std::exchange(flush_posted_, true))
        return;
    asio::post(executor_, [self = shared_from_this()] {
        self->handle(completion_mode::dispatch, [&self](time_point, aftermath&) { self->flush_posted_ = false; });
    });
}

void pool::flush_all(time_point now)
{
    for (const link_ptr& link : unflushed_)
        flush_marked(link, now);
    unflushed_.clear();
}

void pool::flush_marked(const link_ptr& link, time_point now)
{
    const bool is_urgent = std::exchange(link->is_urgent, false);
    link->is_unflushed = false;
    if (!links_.contains(link->id))
        return;
    flush(link);
    if (is_urgent)
        stay_awake(*link, now);
    link->tell_sent();
}

} // namespace tandem::detail
