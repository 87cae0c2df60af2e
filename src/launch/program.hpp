// The program that becomes a worker: where it is, and why it cannot be executed.
#ifndef TANDEM_LAUNCH_PROGRAM_HPP
#define TANDEM_LAUNCH_PROGRAM_HPP

#include <tandem/launch.hpp>

#include <string>
#include <vector>

namespace tandem::launch {

/// What to execute, ready for the system.
struct command
{
    std::string path;
    std::vector<std::string> arguments; ///< with argv[0]
};

/// Finds the program: in PATH, as a shell does, where it has no slash. Throws start_error.
command command_of(const target& program);

/// The program as a reader knows it: its path, for self() the real one.
std::string name_of(const target& program);

/// Whether it is this very program.
bool is_self(const target& program) noexcept;

/// Where executing it failed with this `errno`: start_error.
[[noreturn]] void throw_not_executed(const command& program, int error);

} // namespace tandem::launch

#endif
