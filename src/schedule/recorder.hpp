// Writes down what a scheduler is told, what it asks and what it answers: the text of a recording (recording.hpp).
#ifndef TANDEM_SCHEDULE_RECORDER_HPP
#define TANDEM_SCHEDULE_RECORDER_HPP

#include <schedule/recording.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace tandem::schedule {

/// Takes the next part of a recording. False where that failed: it gets no more.
using recording_sink = std::function<bool(std::string_view text)>;

class recorder
{
public:
    /// Times are counted from `begin`.
    recorder(const settings& s, sent_tasks& sent, time_point begin, recording_sink sink);
    ~recorder();
    recorder(const recorder&) = delete;
    recorder& operator=(const recorder&) = delete;

    /// False when the sink has failed: nothing is recorded any more.
    bool is_on() const noexcept { return static_cast<bool>(sink_); }

    /// What the scheduler is to ask.
    sent_tasks& answers() noexcept { return answers_; }

    /// A task that will be submitted.
    void describe(task& t);

    /// Records the event that happens in `happen()`, and returns what that returns. `arguments` are those of the
    /// scheduler's function, from which the actions are known.
    template <class Event, class... Arguments>
    auto record(std::string_view name, const Event& happen, Arguments&... arguments)
    {
        begin_event(name, arguments...);
        if constexpr (std::is_void_v<decltype(happen())>) {
            happen();
            end_event();
        } else {
            auto result = happen();
            end_event();
            put("  =");
            put_result(result);
            put("\n");
            return result;
        }
    }

    /// Gives the sink what there is. It also gets it whenever that is much.
    void flush();

private:
    // Passes on what the scheduler asks, and writes down what it gets.
    class recorded_answers final : public sent_tasks
    {
    public:
        recorded_answers(recorder& record, sent_tasks& sent) : record_(record), sent_(sent) {}
        bool revoke(task& t) override;
        task* split(task& t) override;
        task* split_first(task& t, std::uint32_t count) override;
        std::optional<time_point> begun(const task& t) const override;
        std::optional<time_point> ended(const task& t) const override;

    private:
        void put_part(std::string_view question, const task& t, task* part);

        recorder& record_;
        sent_tasks& sent_;
    };

    template <class... Arguments>
    void begin_event(std::string_view name, Arguments&... arguments)
    {
        (note(arguments), ...);
        put_time(now_);
        put(" ");
        put(name);
        (put_argument(arguments), ...);
        put("\n");
        in_event_ = true;
    }
    void end_event();

    template <class Argument>
    void note(Argument& argument)
    {
        if constexpr (std::is_same_v<std::remove_const_t<Argument>, time_point>)
            now_ = argument;
        else if constexpr (std::is_same_v<Argument, scheduler::actions>) {
            actions_ = &argument;
            actions_before_ = argument.size();
        }
    }

    void put(std::string_view text);
    void put_number(std::int64_t number);
    void put_time(time_point time);
    void put_attribute(std::string_view name, std::int64_t value, std::int64_t usual);
    void put_moment(std::string_view question, const task& t, std::optional<time_point> answer);
    void put_action(const action& a);

    // An argument of another type needs its own.
    void put_argument(const task& t);
    void put_argument(worker_id id);
    void put_argument(std::uint64_t number);
    void put_argument(bool yes);
    void put_argument(cancellation how);
    void put_argument(std::chrono::nanoseconds duration);
    void put_argument(const shutdown_options& ladder);
    void put_argument(const time_point& /*now*/) {} // the line begins with it
    void put_argument(const scheduler::actions& /*out*/) {}

    void put_result(bool yes) { put_argument(yes); }
    void put_result(time_point time);
    void put_result(const std::vector<worker_id>& ids);

    recorded_answers answers_;
    const time_point begin_;
    recording_sink sink_;
    std::string text_; // that the sink has yet to get
    std::unordered_map<const detail::cost_estimate*, std::uint64_t> functions_; // their numbers
    std::uint64_t last_unnumbered_ = 0;
    time_point now_;
    const scheduler::actions* actions_ = nullptr; // of the event
    std::size_t actions_before_ = 0;
    bool in_event_ = false;
};

} // namespace tandem::schedule

#endif
