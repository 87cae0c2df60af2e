// Work for the pools, that tests of several parts give away.
#ifndef TANDEM_TEST_SUPPORT_TASKS_HPP
#define TANDEM_TEST_SUPPORT_TASKS_HPP

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

namespace test {

int add(int a, int b);
std::string greet(std::string name);
std::string repeat(char c, std::size_t times);
void nothing();
std::unique_ptr<int> boxed(int value);
int process_id();

/// Throws std::invalid_argument with this text.
int throw_invalid(std::string text);
void throw_out_of_range();
/// Throws a system_error with errc::no_such_file_or_directory.
void throw_system_error();

struct own_error : std::exception
{
    const char* what() const noexcept override { return "own error"; }
};
/// Throws an own_error, which nobody registered.
void throw_own();

/// Announces itself at the gate.
void announce_task(const std::string& gate_path);

inline constexpr int gate_opened = 1, asked_to_stop = 2, gave_up = 3;

/// Announces itself at the gate, and returns when that is opened, or when asked to stop: which of these.
int hold(const std::string& gate_path);
/// The same, but takes no notice of being asked to stop.
int hold_stubbornly(const std::string& gate_path);

/// Ends its process the way that is named: "exit", "kill", "abort", "segv".
int die(const std::string& how);

} // namespace test

#endif
