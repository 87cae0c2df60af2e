#include <simulate/worker.hpp>

#include <launch/start_error.hpp>
#include <tandem/codec.hpp>
#include <tandem/detail/exception_codec.hpp>

#include <boost/asio/error.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace simulate {

namespace channel = tandem::channel;
using channel::frame_kind;
using channel::frame_reader;
using tandem::io::exit_status;

namespace {

constexpr std::size_t pipe_size = 65536; // as Linux makes them
constexpr std::size_t more_than_a_pipe_holds = 3 * pipe_size / line_size * line_size;
constexpr std::size_t large_size = 300'000; // more than the ring takes
constexpr std::size_t max_message_size = 1 << 20;

exit_status exited(int code)
{
    exit_status status;
    status.exit_code = code;
    return status;
}

exit_status killed(int signal)
{
    exit_status status;
    status.signal = signal;
    return status;
}

// Their memory is used again: to get it from the system costs more than all that a worker does.
std::shared_ptr<tandem::status::status_page> make_page()
{
    using tandem::status::status_page;
    static std::vector<std::unique_ptr<status_page>> unused;
    std::unique_ptr<status_page> page;
    if (unused.empty()) {
        page = std::make_unique<status_page>();
    } else {
        page = std::move(unused.back());
        unused.pop_back();
        std::memset(static_cast<void*>(page.get()), 0, sizeof(status_page));
    }
    return {page.release(), [](status_page* used) { unused.emplace_back(used); }};
}

class process final : public tandem::io::process
{
public:
    explicit process(std::shared_ptr<worker> w) : worker_(std::move(w)) {}
    ~process() override { worker_->kill(); }

    int native_handle() const noexcept override { return worker_->pid(); }
    pid_t pid() const noexcept override { return worker_->pid(); }
    void async_wait(tandem::io::continuation done) override
    {
        worker_->exit_waiter.wait(std::move(done));
        if (worker_->has_ended())
            worker_->exit_waiter.complete({});
    }
    void cancel_wait() noexcept override { worker_->exit_waiter.complete(boost::asio::error::operation_aborted); }
    bool kill() noexcept override
    {
        if (!is_reaped_)
            worker_->kill();
        return true;
    }
    std::optional<exit_status> try_reap() noexcept override
    {
        is_reaped_ = is_reaped_ || worker_->has_ended();
        return worker_->end_status();
    }
    std::optional<exit_status> kill_and_reap(tandem::io::time_point) noexcept override
    {
        worker_->kill();
        return try_reap();
    }

private:
    const std::shared_ptr<worker> worker_;
    bool is_reaped_ = false;
};

class control final : public tandem::detail::worker_control
{
public:
    explicit control(worker& w) : worker_(w) {}

    void ask_to_stop(std::uint64_t call) noexcept override { worker_.ask_to_stop(call); }
    void close() noexcept override { worker_.close_control(); }

private:
    worker& worker_; // the process holds it, which goes after this
};

} // namespace

worker::worker(world& w, int pid, std::vector<std::string> tasks, witness& who)
    : exit_waiter(w, "an end is seen"), in(std::make_shared<pipe>(w, pipe_size, "", "calls have room")),
      out(std::make_shared<pipe>(w, pipe_size, "frames are readable", "")),
      log(std::make_shared<pipe>(w, pipe_size, "a log is readable", "")), world_(w), pid_(pid), tasks_(std::move(tasks)),
      witness_(who), page_(make_page()), results_(page_->results)
{
    actor_ = world_.add({.name = "worker " + std::to_string(pid) + " goes on",
                         .can = [this] { return can_act(); },
                         .act = [this] { act(); }});
    continuation_ = world_.add({.name = "worker " + std::to_string(pid) + " is continued",
                                .can = [this] { return is_stopped_ && !ended_; },
                                .act = [this] { is_stopped_ = false; }});
}

worker::~worker()
{
    world_.forget(actor_);
    world_.forget(continuation_);
}

tandem::detail::launched_worker worker::take_ends(std::unique_ptr<tandem::io::process> process, std::uint64_t result_memory)
{
    tandem::detail::launched_worker made;
    made.process = std::move(process);
    made.frames_in = reader_of(out);
    made.frames_out = writer_of(in);
    made.log = reader_of(log);
    made.control = std::make_unique<control>(*this);
    made.page = page_;
    if (result_memory != 0) {
        made.large_results = std::make_shared<tandem::arena::result_memory>(result_memory);
        large_results_.emplace(::dup(made.large_results->worker_descriptor()), result_memory, max_message_size);
    }
    return made;
}

// --- what happens to it

void worker::kill()
{
    was_killed_waiting_ = was_killed_waiting_ || waits_for_reader();
    end(killed(9));
}

void worker::kill_by_stranger()
{
    if (!ended_)
        ended_unseen_ = stage_ == stage::ready && !is_awaited() && !exit_waiter.is_waiting();
    kill();
}

void worker::stop()
{
    if (!ended_)
        is_stopped_ = true;
}

void worker::print(std::size_t size)
{
    unprinted_ += size;
}

void worker::ask_to_stop(std::uint64_t id)
{
    asked_.push_back(id);
}

void worker::close_control()
{
    has_control_ = false;
}

bool worker::waits_for_reader() const
{
    if (ended_ || is_stopped_)
        return false;
    const bool waits_for_frames = !unsent_.empty() && out->bytes.size() >= out->capacity && out->has_reader;
    const bool waits_for_log = unprinted_ != 0 && log->bytes.size() >= log->capacity && log->has_reader;
    return waits_for_frames || waits_for_log;
}

bool worker::is_awaited() const
{
    const bool is_starting = stage_ == stage::starting || (stage_ == stage::greeted && in->bytes.empty());
    const auto is_live = [this](const call& c) { return page_->slots[c.slot].is_sent(c.id); };
    if (is_starting || is_running_ || !in->has_writer || !has_control_ || std::ranges::any_of(calls_, is_live))
        return true;
    frame_reader on_its_way(max_message_size);
    const auto room = on_its_way.prepare();
    on_its_way.commit(static_cast<std::size_t>(std::ranges::copy(in->bytes, room.begin()).out - room.begin()));
    while (const auto f = on_its_way.next())
        if (f->kind == frame_kind::task) {
            channel::task_call head;
            std::memcpy(&head, f->payload.data(), sizeof head);
            if (is_live({f->id, head.slot, {}}))
                return true;
        }
    return false;
}

void worker::end(const exit_status& how)
{
    if (ended_)
        return;
    ended_ = how;
    world_.note("worker " + std::to_string(pid_) + (how.signal ? " dies" : " exits"));
    out->has_writer = log->has_writer = false;
    out->wake();
    log->wake();
    exit_waiter.complete({});
}

// --- what it does

void worker::append(frame_kind kind, std::uint64_t id, std::span<const std::byte> payload)
{
    channel::append_frame(unsent_, kind, id, payload);
}

// As much as there is room for. Whether all was sent.
bool worker::flush()
{
    const std::size_t size = out->write(unsent_);
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(size));
    return unsent_.empty();
}

bool worker::can_act() const
{
    if (ended_ || is_stopped_)
        return false;
    if (!has_control_)
        return true;
    if (!unsent_.empty())
        return out->bytes.size() < out->capacity || !out->has_reader;
    if (unprinted_ != 0)
        return log->bytes.size() < log->capacity || !log->has_reader;
    if (hangs_ && is_told_)
        return false;
    if (is_running_ && calls_.front().arguments.how == ending::stops_when_asked)
        return std::ranges::find(asked_, calls_.front().id) != asked_.end();
    return stage_ == stage::starting || is_running_ || !calls_.empty() || !is_told_ || !in->bytes.empty() ||
           !in->has_writer;
}

void worker::act()
{
    if (!has_control_ && (is_running_ || world_.choose().one_in(2)))
        return end(killed(9)); // by its watcher
    if (!unsent_.empty()) {
        if (!out->has_reader)
            return end(killed(13));
        flush();
        return;
    }
    if (unprinted_ != 0) {
        if (!log->has_reader)
            return end(killed(13));
        constexpr std::size_t most_at_once = 20'000;
        const auto letter = static_cast<std::byte>('!' + pid_ % 90); // the worker's own
        std::vector<std::byte> text(std::min(unprinted_, most_at_once), letter);
        for (std::size_t end = line_size - printed_ % line_size; end <= text.size(); end += line_size)
            text[end - 1] = std::byte{'\n'};
        const std::size_t size = log->write(text);
        unprinted_ -= size;
        printed_ += size;
        return;
    }
    if (std::exchange(dies_after_output_, false))
        return end(killed(6));
    if (!is_told_ && (hangs_ || calls_.empty()))
        return ring();
    if (hangs_)
        return;
    if (stage_ == stage::starting)
        return start();
    if (is_running_)
        return finish();
    if (!in->bytes.empty() && (calls_.empty() || world_.choose().one_in(2)))
        return read();
    if (!calls_.empty())
        return begin();
    if (!in->has_writer || !has_control_)
        end(exited(0));
}

void worker::ring()
{
    is_told_ = true;
    if (results_.must_ring() && out->has_writer) {
        append(frame_kind::bell, 0, {});
        flush();
    }
}

void worker::start()
{
    stage_ = stage::greeted;
    channel::hello hello{.pid = pid_, .tasks = tasks_};
    std::uint64_t id = channel::hello_id;
    switch (world_.choose().below(16)) {
    case 10:
        hello.tasks.clear(); // another program
        break;
    case 11:
        ++id; // another version
        break;
    case 12:
        return end(exited(3));
    case 13:
        hangs_ = true;
        return;
    case 14:
        unsent_.assign(100, std::byte{'?'});
        flush();
        return;
    case 15:
        unprinted_ = more_than_a_pipe_holds;
        break;
    default:
        break;
    }
    std::vector<std::byte> bytes;
    tandem::encode(bytes, hello);
    append(frame_kind::hello, id, bytes);
    flush();
}

void worker::read()
{
    const auto room = frames_.prepare();
    frames_.commit(in->read(room));
    while (const auto f = frames_.next())
        take(*f);
}

void worker::take(const channel::frame& f)
{
    switch (f.kind) {
    case frame_kind::settings: {
        const auto settings = tandem::decode<channel::worker_settings>(f.payload);
        reports_memory_ = settings.reports_memory;
        stage_ = stage::ready;
        if (settings.reports_ready && !settings.has_initializer)
            append(frame_kind::ready, 0, {});
        break;
    }
    case frame_kind::initialize:
        initialize();
        break;
    case frame_kind::task: {
        channel::task_call head;
        std::memcpy(&head, f.payload.data(), sizeof head);
        calls_.push_back({f.id, head.slot, arguments_in(f.payload.subspan(sizeof head))});
        return;
    }
    default:
        throw std::logic_error("an unexpected frame");
    }
    flush();
}

void worker::initialize()
{
    std::vector<std::byte> payload;
    switch (world_.choose().below(8)) {
    case 5:
        tandem::detail::encode_exception(payload, std::make_exception_ptr(std::runtime_error("a failure")));
        append(frame_kind::failure, 0, payload);
        return;
    case 6:
        end(killed(11));
        return;
    case 7:
        hangs_ = true;
        return;
    default:
        append(frame_kind::ready, 0, {});
    }
}

void worker::begin()
{
    const call& next = calls_.front();
    if (page_->slots[next.slot].begin(next.id, world_.now())) {
        is_running_ = true;
        witness_.begins(next.arguments.number);
    } else {
        calls_.pop_front();
    }
}

void worker::finish()
{
    call& running = calls_.front();
    switch (running.arguments.how) {
    case ending::returns:
        return deliver(frame_kind::result, 4);
    case ending::throws:
        return deliver(frame_kind::failure, 0);
    case ending::returns_much:
        return deliver(frame_kind::result, large_size);
    case ending::prints:
        unprinted_ = line_size;
        running.arguments.how = ending::returns;
        return;
    case ending::prints_much:
    case ending::stops_when_asked:
        unprinted_ = more_than_a_pipe_holds;
        running.arguments.how = ending::returns;
        return;
    case ending::returns_and_dies:
        deliver(frame_kind::result, 4);
        return end(killed(11));
    case ending::dies:
        return end(killed(11));
    case ending::prints_and_dies:
        unprinted_ = 2 * line_size;
        dies_after_output_ = true;
        return;
    case ending::exits:
        return end(exited(1));
    case ending::closes_output:
        out->has_writer = false;
        out->wake();
        hangs_ = true;
        return;
    case ending::hangs:
        hangs_ = true;
        return;
    case ending::answers_another:
        hangs_ = true;
        return send_outcome(frame_kind::result, running.id + 1000, {});
    case ending::sends_garbage:
        unsent_.assign(100, std::byte{0xff});
        flush();
        hangs_ = true;
        return;
    }
}

void worker::deliver(frame_kind kind, std::size_t size)
{
    const call done = calls_.front();
    calls_.pop_front();
    is_running_ = false;
    if (reports_memory_)
        page_->resident_memory.store(world_.choose().one_in(3) ? 2'000'000 : 0);
    std::vector<std::byte> payload;
    if (kind == frame_kind::failure) {
        tandem::detail::encode_exception(payload, std::make_exception_ptr(std::runtime_error("a failure")));
    } else if (size == large_size && large_results_ && large_results_->make_room(size) &&
               large_results_->keep_for(done.id)) {
        kind = frame_kind::large_result;
        payload.resize(4);
    } else {
        payload.resize(size);
    }
    page_->slots[done.slot].end(world_.now());
    send_outcome(kind, done.id, payload);
    witness_.ends(done.arguments.number);
}

void worker::send_outcome(frame_kind kind, std::uint64_t id, std::span<const std::byte> payload)
{
    std::vector<std::byte> frame;
    channel::append_frame(frame, kind, id, payload);
    is_told_ = false;
    if (results_.put(frame))
        return;
    results_.put_notice(id);
    unsent_ = std::move(frame);
    flush();
}

tandem::detail::launched_worker launcher::launch()
{
    world_.interleave();
    if (world_.choose().one_in(16)) {
        world_.note("a start fails");
        ++failures_;
        tandem::launch::throw_start_error(EAGAIN, "executing it");
    }
    const int pid = 1000 + static_cast<int>(workers_.size());
    const auto made = std::make_shared<worker>(world_, pid, tasks_, witness_);
    workers_.push_back(made);
    world_.note("worker " + std::to_string(pid) + " starts");
    auto launched = made->take_ends(std::make_unique<process>(made), result_memory_);
    world_.interleave();
    return launched;
}

} // namespace simulate
