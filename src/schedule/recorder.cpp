#include <schedule/recorder.hpp>

#include <charconv>
#include <utility>

namespace tandem::schedule {
namespace {

// More than an event of a few tasks needs, and little beside the tasks themselves.
constexpr std::size_t much = std::size_t{64} * 1024;
constexpr std::size_t longest_line = 1024;

std::string_view name_of(outcome why)
{
    constexpr std::string_view names[] = {"aborted", "queue_timeout", "run_timeout", "worker_died", "start_failed"};
    return names[static_cast<std::size_t>(why)];
}

std::string_view name_of(retirement_reason reason)
{
    constexpr std::string_view names[] = {"none", "tasks", "age", "resident_memory", "idle", "shutdown"};
    return names[static_cast<std::size_t>(reason)];
}

std::string_view name_of(action::kind what)
{
    constexpr std::string_view names[] = {"start_worker", "send", "ask_to_stop", "retire", "kill", "retry", "complete"};
    return names[static_cast<std::size_t>(what)];
}

template <class Number>
std::int64_t as_number(Number value)
{
    if constexpr (requires { value.count(); })
        return value.count();
    else
        return static_cast<std::int64_t>(value);
}

} // namespace

recorder::recorder(const settings& s, sent_tasks& sent, time_point begin, recording_sink sink)
    : answers_(*this, sent), begin_(begin), sink_(std::move(sink)), now_(begin)
{
    text_.reserve(much + longest_line);
    put(recording_version);
    for_each_setting(s, [this](std::string_view name, const auto& value) {
        put("\nsetting ");
        put(name);
        put(" ");
        put_number(as_number(value));
    });
    put("\nbegin ");
    put_number(as_number(begin.time_since_epoch()));
    put("\n");
}

recorder::~recorder()
{
    put("end\n");
    flush();
}

void recorder::describe(task& t)
{
    if (!is_on())
        return;
    if (t.id == 0)
        t.id = unnumbered | ++last_unnumbered_;
    put(in_event_ ? "  task" : "task");
    put_argument(t);
    put_attribute("items", t.items, 1);
    put_attribute("bytes", t.bytes, 0);
    if (t.cost) {
        const auto [it, is_new] = functions_.try_emplace(t.cost, functions_.size() + 1);
        put_attribute("function", as_number(it->second), 0);
        if (is_new && t.cost->is_known())
            put_attribute("mean", t.cost->mean().count(), -1);
    }
    std::vector<std::int64_t> usual; // values of the options
    for_each_option(detail::default_run_options, [&](std::string_view, const auto& value) { usual.push_back(as_number(value)); });
    std::size_t i = 0;
    const run_options& options = *t.options;
    for_each_option(options, [&](std::string_view name, const auto& value) { put_attribute(name, as_number(value), usual[i++]); });
    put("\n");
}

void recorder::end_event()
{
    in_event_ = false;
    if (!actions_)
        return;
    for (std::size_t i = actions_before_; i < actions_->size(); ++i)
        put_action((*actions_)[i]);
    actions_ = nullptr;
}

void recorder::flush()
{
    if (sink_ && !text_.empty() && !sink_(text_))
        sink_ = nullptr;
    text_.clear();
}

// --- what the scheduler asks

bool recorder::recorded_answers::revoke(task& t)
{
    const bool revoked = sent_.revoke(t);
    if (record_.in_event_) {
        record_.put("  ? revoke");
        record_.put_argument(t);
        record_.put_argument(revoked);
        record_.put("\n");
    }
    return revoked;
}

task* recorder::recorded_answers::split(task& t)
{
    task* const rest = sent_.split(t);
    put_part("  ? split", t, rest);
    return rest;
}

task* recorder::recorded_answers::split_first(task& t, std::uint32_t count)
{
    task* const first = sent_.split_first(t, count);
    put_part("  ? split_first", t, first);
    return first;
}

void recorder::recorded_answers::put_part(std::string_view question, const task& t, task* part)
{
    if (part)
        record_.describe(*part);
    if (!record_.in_event_)
        return;
    record_.put(question);
    record_.put_argument(t);
    if (part) {
        record_.put_argument(std::uint64_t{t.items});
        record_.put_argument(*part);
    } else {
        record_.put(" nothing");
    }
    record_.put("\n");
}

std::optional<time_point> recorder::recorded_answers::begun(const task& t) const
{
    const auto answer = sent_.begun(t);
    record_.put_moment("  ? begun", t, answer);
    return answer;
}

std::optional<time_point> recorder::recorded_answers::ended(const task& t) const
{
    const auto answer = sent_.ended(t);
    record_.put_moment("  ? ended", t, answer);
    return answer;
}

// --- text

void recorder::put(std::string_view text)
{
    if (!is_on())
        return;
    text_ += text;
    if (text_.size() >= much)
        flush();
}

void recorder::put_number(std::int64_t number)
{
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    put({digits, end});
}

void recorder::put_time(time_point time)
{
    if (time == time_point::max())
        put("never");
    else if (time == time_point::min())
        put("now");
    else
        put_number((time - begin_).count());
}

void recorder::put_attribute(std::string_view name, std::int64_t value, std::int64_t usual)
{
    if (value == usual)
        return;
    put(" ");
    put(name);
    put("=");
    put_number(value);
}

void recorder::put_moment(std::string_view question, const task& t, std::optional<time_point> answer)
{
    if (!in_event_)
        return;
    put(question);
    put_argument(t);
    if (answer) {
        put(" ");
        put_time(*answer);
    } else {
        put(" nothing");
    }
    put("\n");
}

void recorder::put_action(const action& a)
{
    put("  > ");
    put(name_of(a.what));
    if (a.subject)
        put_argument(*a.subject);
    if (a.worker != 0)
        put_argument(a.worker);
    if (a.what == action::kind::retry || a.what == action::kind::complete) {
        put(" ");
        put(name_of(a.why));
    }
    if (a.what == action::kind::retire) {
        put(" ");
        put(name_of(a.reason));
    }
    put("\n");
}

void recorder::put_argument(const task& t)
{
    put((t.id & unnumbered) != 0 ? " u" : " t");
    put_number(as_number(t.id & ~unnumbered));
}

void recorder::put_argument(worker_id id)
{
    put(" w");
    put_number(id);
}

void recorder::put_argument(std::uint64_t number)
{
    put(" ");
    put_number(as_number(number));
}

void recorder::put_argument(bool yes)
{
    put(yes ? " yes" : " no");
}

void recorder::put_argument(cancellation how)
{
    constexpr std::string_view names[] = {" total", " partial", " terminal"};
    put(names[static_cast<std::size_t>(how)]);
}

void recorder::put_argument(std::chrono::nanoseconds duration)
{
    put(" ");
    put_number(duration.count());
}

void recorder::put_argument(const shutdown_options& ladder)
{
    for_each_limit(ladder, [this](std::string_view name, const auto& value) { put_attribute(name, as_number(value), -1); });
}

void recorder::put_result(time_point time)
{
    put(" ");
    put_time(time);
}

void recorder::put_result(const std::vector<worker_id>& ids)
{
    for (const worker_id id : ids)
        put_argument(id);
}

} // namespace tandem::schedule
