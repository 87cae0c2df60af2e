#include <schedule/replay.hpp>

#include <schedule/recorder.hpp>
#include <schedule/scheduler.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tandem::schedule {
namespace {

using words = std::vector<std::string_view>;

struct malformed : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

words split_words(std::string_view line)
{
    words found;
    while (!line.empty()) {
        const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        if (begin != end)
            found.push_back(line.substr(begin, end - begin));
        line.remove_prefix(end);
    }
    return found;
}

std::int64_t number_of(std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        throw malformed("\"" + std::string(text) + "\" is no number");
    return value;
}

template <class Value>
void set(Value& value, std::int64_t number)
{
    value = static_cast<Value>(number);
}

std::uint64_t id_of(std::string_view text)
{
    if (text.size() < 2 || (text[0] != 't' && text[0] != 'u'))
        throw malformed("\"" + std::string(text) + "\" is no task");
    return static_cast<std::uint64_t>(number_of(text.substr(1))) | (text[0] == 'u' ? unnumbered : 0);
}

worker_id worker_of(std::string_view text)
{
    if (text.size() < 2 || text[0] != 'w')
        throw malformed("\"" + std::string(text) + "\" is no worker");
    return static_cast<worker_id>(number_of(text.substr(1)));
}

struct replayed_task : task
{
    replayed_task() { options = &own; }
    detail::task_options own;
    bool is_submitted = false;
};

struct answer
{
    std::string_view question;
    std::uint64_t id = 0;                // of the task
    bool is_revoked = false;
    std::optional<time_point> moment{};  // when it was begun or ended
    replayed_task* rest = nullptr;       // that was split off
    std::uint32_t items = 0;             // that are left
    bool is_used = false;
};

// What happened between one event and the next.
struct block
{
    std::size_t line = 0; // its number
    std::string_view event;
    std::vector<answer> answers;
    std::vector<std::string> results; // and actions
    bool is_last = false;             // and may be incomplete
};

/// The lines of a recording. An unfinished one at the end is not there.
class line_reader
{
public:
    explicit line_reader(std::string_view text) : rest_(text.substr(0, text.rfind('\n') + 1)) {} // npos + 1 is 0

    std::optional<std::string_view> peek() const
    {
        return rest_.empty() ? std::nullopt : std::optional(rest_.substr(0, rest_.find('\n')));
    }

    std::string_view next()
    {
        const std::string_view line = *peek();
        rest_.remove_prefix(line.size() + 1);
        ++number_;
        return line;
    }

    /// Of the last one that was read.
    std::size_t number() const noexcept { return number_; }

private:
    std::string_view rest_;
    std::size_t number_ = 0;
};

class replayer final : private sent_tasks
{
public:
    explicit replayer(std::string_view recording) : lines_(recording) {}

    replayed run()
    {
        try {
            read_head();
            while (!done_.first && is_going_on()) {
                read_block();
                done_.first = replay_block();
            }
        } catch (const std::exception& e) {
            done_.first = difference{lines_.number(), std::string(current_.event), {}, {}, e.what()};
        }
        return done_;
    }

private:
    void read_head()
    {
        if (!lines_.peek() || lines_.next() != recording_version)
            throw malformed("it does not begin with \"" + std::string(recording_version) + '"');
        settings all;
        for (;;) {
            if (!lines_.peek())
                throw malformed("it ends in its settings");
            const words w = split_words(lines_.next());
            if (w.size() == 2 && w[0] == "begin") {
                begin_ = time_point(std::chrono::nanoseconds(number_of(w[1])));
                break;
            }
            if (w.size() != 3 || w[0] != "setting")
                throw malformed("neither a setting nor the beginning");
            bool is_known = false;
            for_each_setting(all, [&](std::string_view name, auto& value) {
                if (name == w[1]) {
                    set(value, number_of(w[2]));
                    is_known = true;
                }
            });
            if (!is_known)
                throw malformed("\"" + std::string(w[1]) + "\" is no setting");
        }
        sent_tasks& answers = *this;
        recorder_ = std::make_unique<recorder>(all, answers, begin_, [this](std::string_view text) {
            heard_ += text;
            return true;
        });
        recorder_->flush();
        scheduler_ = std::make_unique<scheduler>(all, recorder_->answers());
    }

    // Reads the descriptions of tasks before the next event.
    bool is_going_on()
    {
        while (const auto line = lines_.peek()) {
            if (*line == "end") {
                done_.is_whole = true;
                return false;
            }
            if (!line->starts_with("task "))
                return true;
            read_task(split_words(lines_.next()));
        }
        return false;
    }

    void read_block()
    {
        current_ = {};
        current_.event = lines_.next();
        current_.line = lines_.number();
        for (;;) {
            const auto line = lines_.peek();
            current_.is_last = !line;
            if (!line || !line->starts_with("  "))
                return;
            lines_.next();
            const words w = split_words(*line);
            if (w.size() > 1 && w[0] == "task")
                read_task(w);
            else if (w.size() > 2 && w[0] == "?")
                current_.answers.push_back(read_answer(w));
            else if (!w.empty() && (w[0] == ">" || w[0] == "="))
                current_.results.emplace_back(line->substr(2));
            else
                throw malformed("\"" + std::string(*line) + "\" is no part of an event");
        }
    }

    answer read_answer(const words& w)
    {
        if (w.size() < 4)
            throw malformed("a question without an answer");
        answer a{.question = w[1], .id = id_of(w[2])};
        if (w[1] == "revoke") {
            a.is_revoked = w[3] == "yes";
        } else if (w[3] == "nothing") {
        } else if (w[1] == "split" || w[1] == "split_first") {
            const auto rest = tasks_.find(w.size() < 5 ? 0 : id_of(w[4]));
            if (rest == tasks_.end() || rest->second->is_submitted)
                throw malformed("what was split off is not described");
            a.items = static_cast<std::uint32_t>(number_of(w[3]));
            a.rest = rest->second.get();
        } else {
            a.moment = time_of(w[3]);
        }
        return a;
    }

    void read_task(const words& w)
    {
        if (w.size() < 2)
            throw malformed("a task without a number");
        auto made = std::make_unique<replayed_task>();
        made->id = id_of(w[1]);
        std::int64_t function = 0;
        std::int64_t mean = -1;
        for (std::size_t i = 2; i != w.size(); ++i) {
            const std::size_t equal = w[i].find('=');
            if (equal == std::string_view::npos)
                throw malformed("\"" + std::string(w[i]) + "\" has no value");
            const std::string_view wanted = w[i].substr(0, equal);
            const std::int64_t value = number_of(w[i].substr(equal + 1));
            bool is_known = false;
            const auto assign = [&](std::string_view name, auto& member) {
                if (name == wanted) {
                    set(member, value);
                    is_known = true;
                }
            };
            assign("items", made->items);
            assign("bytes", made->bytes);
            assign("function", function);
            assign("mean", mean);
            for_each_option(static_cast<run_options&>(made->own), assign);
            if (!is_known)
                throw malformed("\"" + std::string(wanted) + "\" is nothing that a task has");
        }
        if (function != 0)
            made->cost = &functions_[function];
        if (mean >= 0)
            made->cost->add(std::chrono::nanoseconds(mean));
        forget_completed();
        const auto [it, is_new] = tasks_.try_emplace(made->id, nullptr);
        if (!is_new && it->second->state != task::phase::completed)
            throw malformed("there is such a task already");
        it->second = std::move(made);
    }

    // Now and then, and not one that is described and not submitted yet: it is waiting.
    void forget_completed()
    {
        if (tasks_.size() < most_tasks_)
            return;
        std::erase_if(tasks_, [](const auto& entry) { return entry.second->state == task::phase::completed; });
        most_tasks_ = std::max(2 * tasks_.size(), std::size_t{1000});
    }

    // One that has completed, and is forgotten, may still be cancelled.
    replayed_task& task_named(std::string_view text)
    {
        const std::uint64_t id = id_of(text);
        const auto it = tasks_.find(id);
        if (it != tasks_.end())
            return *it->second;
        completed_.id = id;
        completed_.state = task::phase::completed;
        completed_.is_submitted = true;
        return completed_;
    }

    // --- an event

    std::optional<difference> replay_block()
    {
        ++done_.events;
        fault_.clear();
        heard_.clear();
        const words w = split_words(current_.event);
        if (w.size() < 2)
            throw malformed("neither an event nor a task");
        now_ = time_of(w[0]);
        arguments_ = words(w.begin() + 2, w.end());
        bool is_known = false;
        for_each_event([&]<auto Event>(std::string_view name) {
            if (name != w[1])
                return;
            is_known = true;
            tell<Event>(Event);
        });
        if (!is_known)
            throw malformed("\"" + std::string(w[1]) + "\" is no event");
        recorder_->flush();
        actions_.clear();
        return compare();
    }

    std::optional<difference> compare()
    {
        std::vector<std::string> got;
        for (line_reader heard(heard_); heard.peek();)
            if (const auto line = heard.next(); line.starts_with("  >") || line.starts_with("  ="))
                got.emplace_back(line.substr(2));
        done_.actions += got.size();
        const auto [g, r] = std::ranges::mismatch(got, current_.results);
        const bool was_cut = current_.is_last && r == current_.results.end();
        if (was_cut || (g == got.end() && r == current_.results.end() && fault_.empty() && all_undone()))
            return std::nullopt;
        return difference{current_.line, std::string(current_.event), current_.results, got, fault_};
    }

    // Whatever was taken back is.
    bool all_undone()
    {
        for (const answer& a : current_.answers)
            if (!a.is_used && (a.is_revoked || a.rest)) {
                fault_ = "it did not " + std::string(a.question) + " task " + std::to_string(a.id & ~unnumbered);
                return false;
            }
        return true;
    }

    template <auto Event, class R, class... Arguments>
    void tell(R (scheduler::*)(Arguments...))
    {
        tell_with<Event, Arguments...>();
    }
    template <auto Event, class R, class... Arguments>
    void tell(R (scheduler::*)(Arguments...) noexcept)
    {
        tell_with<Event, Arguments...>();
    }
    template <auto Event, class R, class... Arguments>
    void tell(R (scheduler::*)(Arguments...) const)
    {
        tell_with<Event, Arguments...>();
    }
    template <auto Event, class R, class... Arguments>
    void tell(R (scheduler::*)(Arguments...) const noexcept)
    {
        tell_with<Event, Arguments...>();
    }

    template <auto Event, class... Arguments>
    void tell_with()
    {
        next_argument_ = 0;
        std::tuple<decltype(argument(std::type_identity<std::remove_cvref_t<Arguments>>()))...> all{
            argument(std::type_identity<std::remove_cvref_t<Arguments>>())...}; // in their order
        if (next_argument_ != arguments_.size())
            throw malformed("that is more than the event's arguments");
        std::apply(
            [this](auto&... a) {
                expect_sound<Event>(a...);
                scheduler& told = *scheduler_;
                recorder_->record(event_name<Event>, [&] { return (told.*Event)(a...); }, a...);
            },
            all);
    }

    // What the scheduler takes for granted.
    template <auto Event, class... Arguments>
    void expect_sound(Arguments&... arguments)
    {
        (expect_known<Event>(arguments), ...);
        if constexpr (is_same<Event, &scheduler::task_finished>)
            if (!scheduler_->task_of(std::get<0>(std::tie(arguments...))))
                throw malformed("the worker has no task");
    }

    template <auto Event, class Argument>
    void expect_known(Argument& argument)
    {
        if constexpr (std::is_same_v<Argument, replayed_task>) {
            const bool is_submission = is_same<Event, &scheduler::submit> || is_same<Event, &scheduler::submit_behind_others>;
            if (std::exchange(argument.is_submitted, true) == is_submission)
                throw malformed(is_submission ? "the task was submitted already" : "the task was not submitted");
            if (is_same<Event, &scheduler::task_refused> && argument.state != task::phase::sent)
                throw malformed("the task was not sent");
        }
    }

    template <auto One, auto Other>
    static constexpr bool is_same =
        std::is_same_v<std::integral_constant<decltype(One), One>, std::integral_constant<decltype(Other), Other>>;

    std::string_view next_word()
    {
        if (next_argument_ == arguments_.size())
            throw malformed("an argument is missing");
        return arguments_[next_argument_++];
    }

    // An event's argument of another type needs its own.
    replayed_task& argument(std::type_identity<task>) { return task_named(next_word()); }
    worker_id argument(std::type_identity<worker_id>) { return worker_of(next_word()); }
    std::uint64_t argument(std::type_identity<std::uint64_t>) { return static_cast<std::uint64_t>(number_of(next_word())); }
    bool argument(std::type_identity<bool>) { return next_word() == "yes"; }
    std::chrono::nanoseconds argument(std::type_identity<std::chrono::nanoseconds>)
    {
        return std::chrono::nanoseconds(number_of(next_word()));
    }
    time_point argument(std::type_identity<time_point>) { return now_; }
    scheduler::actions& argument(std::type_identity<scheduler::actions>) { return actions_; }
    cancellation argument(std::type_identity<cancellation>)
    {
        const std::string_view how = next_word();
        return how == "terminal"  ? cancellation::terminal
               : how == "partial" ? cancellation::partial
                                  : cancellation::total;
    }
    shutdown_options argument(std::type_identity<shutdown_options>)
    {
        shutdown_options ladder;
        for_each_limit(ladder, [this](std::string_view name, auto& value) {
            const std::string_view word = next_word();
            if (!word.starts_with(name) || word.size() <= name.size() || word[name.size()] != '=')
                throw malformed("the shutdown's " + std::string(name) + " is missing");
            set(value, number_of(word.substr(name.size() + 1)));
        });
        if (ladder.mode > shutdown_mode::kill)
            throw malformed("there is no such mode");
        return ladder;
    }

    time_point time_of(std::string_view text) const { return begin_ + std::chrono::nanoseconds(number_of(text)); }

    // --- what the scheduler asks

    // The recorded answers in their order. Of questions that change nothing the last one goes on to hold, so that a
    // scheduler may ask more often; it may ask less often as well.
    const answer* answer_to(std::string_view question, const task& t, bool may_repeat) const
    {
        const answer* found = nullptr;
        for (answer& a : current_.answers) {
            if (a.question != question || a.id != t.id || (a.is_used && !may_repeat))
                continue;
            found = &a;
            if (!std::exchange(a.is_used, true))
                break;
        }
        if (!found && fault_.empty())
            fault_ = "it asks for \"" + std::string(question) + "\" of task " + std::to_string(t.id & ~unnumbered) +
                     ", which was not asked";
        return found;
    }

    bool revoke(task& t) override
    {
        const answer* const a = answer_to("revoke", t, false);
        return a && a->is_revoked;
    }

    task* split(task& t) override { return part_of("split", t); }
    task* split_first(task& t, std::uint32_t /*count*/) override
    {
        task* const first = part_of("split_first", t);
        if (!first)
            throw malformed("a task is taken apart, and nothing was");
        return first;
    }
    task* part_of(std::string_view question, task& t)
    {
        const answer* const a = answer_to(question, t, false);
        if (!a || !a->rest)
            return nullptr;
        t.items = a->items;
        a->rest->is_submitted = true;
        return a->rest;
    }

    std::optional<time_point> begun(const task& t) const override
    {
        const answer* const a = answer_to("begun", t, true);
        return a ? a->moment : std::nullopt;
    }

    std::optional<time_point> ended(const task& t) const override
    {
        const answer* const a = answer_to("ended", t, true);
        return a ? a->moment : std::nullopt;
    }

    line_reader lines_;
    replayed done_;
    time_point begin_;
    time_point now_;
    std::map<std::uint64_t, std::unique_ptr<replayed_task>> tasks_;
    std::size_t most_tasks_ = 1000;
    replayed_task completed_;
    std::map<std::int64_t, detail::cost_estimate> functions_;
    std::string heard_; // from the recorder, also when that ends
    std::unique_ptr<recorder> recorder_; // of this replay
    std::unique_ptr<scheduler> scheduler_;
    scheduler::actions actions_;

    mutable block current_; // answers are used up
    words arguments_;
    std::size_t next_argument_ = 0;
    mutable std::string fault_;
};

} // namespace

replayed replay(std::string_view recording)
{
    return replayer(recording).run();
}

std::ostream& operator<<(std::ostream& out, const difference& d)
{
    out << "line " << d.line << ": " << d.event << '\n';
    for (const std::string& one : d.expected)
        out << "  expected " << one << '\n';
    for (const std::string& one : d.got)
        out << "  got      " << one << '\n';
    if (!d.fault.empty())
        out << "  " << d.fault << '\n';
    return out;
}

} // namespace tandem::schedule
