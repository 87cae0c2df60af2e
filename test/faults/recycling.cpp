// Workers that may run a few tasks only, and a queue much deeper than that: whatever else happens, each task completes
// once, nobody else notices, and no worker runs more than it may.
#include <faults/completion.hpp>
#include <faults/suite.hpp>
#include <support/tasks.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <unistd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace faults {
namespace {

namespace asio = boost::asio;
using tandem::process_pool;
using tandem::shutdown_mode;
using tandem::task;

constexpr int queue_depth = sanitized ? 60 : 200;
constexpr int every = 7; // so many tasks is one an odd one

struct queue
{
    asio::thread_pool context{2};
    asio::strand<asio::thread_pool::executor_type> strand = asio::make_strand(context);
    std::optional<process_pool> pool;
    std::optional<completion> ended; ///< of a shutdown, if there is one
    std::vector<completion> all;
    std::vector<std::unique_ptr<asio::cancellation_signal>> signals;

    completion& add()
    {
        all.emplace_back("task " + std::to_string(all.size()));
        return all.back();
    }
};

int hang()
{
    for (;;)
        ::pause();
}

bool is_pid(const std::string& text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// Each task tells the process that it ran in; the odd ones do what `submit_odd` lets them.
void fill(queue& q, const std::function<void(queue&)>& submit_odd)
{
    for (int i = 0; i != queue_depth; ++i)
        if (i % every == every - 1)
            submit_odd(q);
        else
            q.pool->async_run(task<test::process_id>(), q.add().handler());
}

void run_more(queue& q)
{
    q.pool->async_run(task<test::process_id>(), q.add().handler());
}

void die(queue& q)
{
    q.pool->async_run(task<test::die>("kill"), q.add().handler());
}

void time_out(queue& q)
{
    q.pool->async_run(task<hang>(), {.run_timeout = std::chrono::milliseconds(10)}, q.add().handler());
}

void cancel_one(queue& q)
{
    q.signals.push_back(std::make_unique<asio::cancellation_signal>());
    asio::cancellation_signal& signal = *q.signals.back();
    q.pool->async_run(task<test::process_id>(),
                      asio::bind_executor(q.strand, asio::bind_cancellation_slot(signal.slot(), q.add().handler())));
    asio::post(q.strand, [&signal] { signal.emit(asio::cancellation_type::total); });
}

struct row
{
    const char* name;
    std::function<void(queue&)> odd;
    std::string odd_outcome; ///< or a pid
    std::function<void(queue&)> then; ///< while the queue is still deep
    std::string other_outcome{}; ///< or a pid
};

void recycle(const row& r, std::uint64_t limit)
{
    queue q;
    q.pool.emplace(q.context, tandem::process_pool_options{.workers = 2, .retire = {.tasks = limit}});
    step("filling the queue");
    fill(q, r.odd);
    q.all.front().outcome();
    if (r.then)
        r.then(q);
    step("waiting for the tasks");
    std::map<std::string, std::uint64_t> ran;
    for (int i = 0; i != queue_depth; ++i) {
        const bool odd = i % every == every - 1;
        const completion& one = q.all[static_cast<std::size_t>(i)];
        const std::string outcome = one.outcome();
        if (is_pid(outcome))
            ++ran[outcome];
        else if (outcome != r.other_outcome && !(odd && outcome == r.odd_outcome))
            wrong("task " + std::to_string(i) + ": " + outcome);
    }
    if (q.ended) // after the tasks, each of which has had its time
        q.ended->expect_is("done");
    for (const auto& [pid, count] : ran)
        expect(count <= limit, "worker " + pid + " ran " + std::to_string(count) + " tasks");
    step("ending");
    q.pool.reset();
    q.context.join();
    for (const completion& each : q.all)
        each.expect_once();
}

void shut_down(queue& q, shutdown_mode mode)
{
    q.ended.emplace("async_shutdown");
    q.pool->async_shutdown(mode, q.ended->handler());
}

} // namespace

void add_recycling(suite& all)
{
    static const std::vector<row> rows{
        {"all return", run_more, {}, {}},
        {"every seventh kills its worker", die, "worker_died, signal 9", {}},
        {"every seventh hangs, and is timed out", time_out, "run_timeout", {}},
        {"every seventh is cancelled", cancel_one, "aborted", {}},
        {"cancel()", run_more, {}, [](queue& q) { q.pool->cancel(); }, "aborted"},
        {"drain", die, "worker_died, signal 9", [](queue& q) { shut_down(q, shutdown_mode::drain); }},
        {"cancel_queued", run_more, {}, [](queue& q) { shut_down(q, shutdown_mode::cancel_queued); }, "aborted"},
        {"stop", run_more, {}, [](queue& q) { shut_down(q, shutdown_mode::stop); }, "aborted"},
        {"kill", run_more, {}, [](queue& q) { shut_down(q, shutdown_mode::kill); }, "aborted"},
        {"destructor", run_more, {}, [](queue& q) { q.pool.reset(); }, "aborted"},
    };
    for (const row& r : rows)
        for (const std::uint64_t limit : {1U, 3U})
            all.push_back({"a deep queue and a worker for few tasks", r.name, std::to_string(limit),
                           [&r, limit] { recycle(r, limit); }});
}

} // namespace faults
