// Where workers come from.
#ifndef TANDEM_LAUNCH_HPP
#define TANDEM_LAUNCH_HPP

#include <tandem/detail/same_build.hpp>

#include <string>
#include <vector>

namespace tandem::launch {

/// The command that becomes a worker. Made by the functions below.
struct target
{
    std::string path;                    ///< The program; searched in PATH where it has no slash.
    std::vector<std::string> arguments;  ///< Its arguments, without argv[0].
};

/// This very program, also if its file was replaced or removed meanwhile. Its `main` must call run_if_worker() first,
/// else a pool's constructor throws errc::worker_without_main. A plugin, whose program's main is not its own, needs
/// executable().
/// Needs /proc. Where a dynamic loader was told to run the program, the worker is run by that loader, with the same options.
target self();

/// Another program, such as one made by the CMake function tandem_add_worker(). It must link the same task sources
/// and call run_if_worker() first in its `main`.
target executable(std::string path, std::vector<std::string> arguments);
target executable(std::string path);

} // namespace tandem::launch

#endif
