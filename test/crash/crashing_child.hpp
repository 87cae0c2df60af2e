// Runs a function in a forked process that has the crash handler, and says how that ended.
#ifndef TANDEM_TEST_CRASH_CRASHING_CHILD_HPP
#define TANDEM_TEST_CRASH_CRASHING_CHILD_HPP

#include <worker/crash_record.hpp>

#include <boost/test/tree/decorator.hpp>

#include <chrono>
#include <functional>
#include <ostream>

namespace crash_test {

struct outcome
{
    int signal = 0;     ///< That ended the child, or 0.
    int exit_code = -1; ///< Where none did.
    std::chrono::duration<double> time{};
    tandem::worker::crash_report report;
};
std::ostream& operator<<(std::ostream& out, const outcome& o);

/// `before` runs before the handler is installed.
outcome run_child(const std::function<void()>& work, const std::function<void()>& before = {});

/// Whether the handler is to take the signal: a sanitizer has handlers of its own, and keeps them.
bool is_ours(int signal);

/// Whether this trace has names: with Boost.Stacktrace's library they are there.
bool has_names();

/// Of cases that say nothing where a sanitizer takes the signal, or where a trace has no names.
boost::unit_test::decorator::precondition handled(int signal);
boost::unit_test::decorator::precondition named();

/// The child ended by this signal and left a record of it. Where a sanitizer takes the signal: only that the child
/// ended.
void check_crash(const outcome& o, int signal);

/// As above, and the trace has this function's name.
void check_crash(const outcome& o, int signal, const char* function);

} // namespace crash_test

#endif
