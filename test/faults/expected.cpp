#include <faults/expected.hpp>

namespace faults {
namespace {

constexpr const char* sanitizers_exit = test::thread_sanitized ? "exit 66" : "exit 1";

std::string died(const std::string& how)
{
    return "worker_died, " + how;
}

// What becomes of an exception that is thrown at this place.
std::string thrown(const std::string& as_itself, bool is_standard, place where)
{
    switch (where) {
    case place::decoding:
        return "decode_failed";
    case place::task:
        return as_itself;
    case place::encoding:
        return "encode_failed";
    case place::between: // the worker says so in its log and exits, or terminates
        return died(is_standard ? "exit 1" : "signal 6");
    case place::thread:
        return died("signal 6");
    }
    return {};
}

// It needs no pipe, and so may be there in spite of what was done to the pipes.
bool has_small_result(const stage& s)
{
    return s.where != place::between;
}

} // namespace

bool needs_limit(const fault& f, const stage& s)
{
    return f.what == effect::stops || (f.what == effect::hangs && s.where != place::thread);
}

bool hangs_before_begin(const fault& f, const stage& s)
{
    return s.at != progress::begun && s.when != moment::at_exit && needs_limit(f, s);
}

std::vector<std::string> expected_of_another(const fault& f, const stage& s, const std::string& right)
{
    std::vector<std::string> accepted{right};
    // A worker whose pipes are garbled or gone goes on, and may have begun another task before the pool can know.
    if (s.at == progress::delivered && s.where == place::between && f.what == effect::garbles)
        accepted.push_back(died(f.end));
    if (s.at == progress::delivered && s.where == place::between && f.what == effect::is_mute)
        accepted.insert(accepted.end(), {died("exit 1"), died("signal 9")});
    return accepted;
}

std::vector<std::string> expected(const fault& f, const stage& s)
{
    if (s.at == progress::sent && f.what == effect::garbles) // the worker goes on, and may begin it
        return {right_answer, died(f.end)};
    if (s.at != progress::begun)
        return {right_answer};
    const bool only_throws =
        f.what == effect::throws || f.what == effect::throws_int || f.what == effect::out_of_memory;
    if (s.when == moment::at_first_run && !only_throws)
        return {right_answer};
    switch (f.what) {
    case effect::throws:
        return {thrown("std::runtime_error", true, s.where)};
    case effect::throws_int:
        return {thrown("remote int", false, s.where)};
    case effect::out_of_memory:
        if (sanitized) // the runtime ends the process where an allocation fails, one way or another
            return {died(sanitizers_exit), died("signal 6"), died("signal 11"), right_answer,
                    thrown("std::bad_alloc", true, s.where)};
        return {thrown("std::bad_alloc", true, s.where)};
    case effect::ends:
        return {died(f.end)};
    case effect::crashes:
        if (sanitized)
            return {died(sanitizers_exit), died(f.end)}; // a thread that has no stack left may have no handler either
        return {died(f.end)};
    case effect::hangs:
    case effect::stops:
        return {needs_limit(f, s) ? "run_timeout" : right_answer};
    case effect::is_mute: // it exits when it cannot write, or its watcher kills it when that cannot read
        if (has_small_result(s))
            return {right_answer, died("exit 1"), died("signal 9")};
        return {died("exit 1"), died("signal 9")};
    case effect::is_replaced:
        return {died(f.end)};
    case effect::garbles:
        // Noise in the middle of a payload is a payload; what is left over is the fault.
        if (s.name == std::string("half"))
            return {died(f.end), "garbled"};
        if (has_small_result(s))
            return {right_answer, died(f.end)};
        return {died(f.end)};
    case effect::is_copied:
    case effect::is_harmless:
        return {right_answer};
    }
    return {};
}

std::vector<std::string> expected_in_initializer(const fault& f)
{
    if (f.what == effect::is_harmless || f.what == effect::is_copied)
        return {"3"};
    if (f.what == effect::out_of_memory && sanitized)
        return {"initializer_failed", "3"};
    return {"initializer_failed"};
}

} // namespace faults
