// A launcher for Boost.Process v2 that uses posix_spawn: no code of the parent's runs between fork and exec, no page
// table is copied, and nothing of the executor's context is touched in the child. doc/design.md tells why.
#ifndef TANDEM_LAUNCH_SPAWN_LAUNCHER_HPP
#define TANDEM_LAUNCH_SPAWN_LAUNCHER_HPP

#include <boost/version.hpp>
#if BOOST_VERSION >= 108800
#include <boost/process/v2/process.hpp>
#else
#include <boost/process/v2.hpp>
#endif

#include <launch/program.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <string>
#include <vector>

namespace tandem::launch {

namespace process = boost::process::v2;

struct spawn_launcher
{
    /// Becomes the child's descriptor of the same position: 0, 1, 2, ... All others are closed in the child.
    std::vector<int> descriptors;
    /// "NAME=value".
    std::vector<std::string> environment;

    /// Starts the program in a process group of its own, with no signal blocked and none ignored. Throws start_error, and
    /// boost::system::system_error of Asio's.
    process::process operator()(boost::asio::any_io_executor executor, const command& program) const;
};

} // namespace tandem::launch

#endif
