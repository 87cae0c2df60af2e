#include <launch/spawn_launcher.hpp>

#include <descriptor.hpp>
#include <launch/pidfd.hpp>
#include <launch/start_error.hpp>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

namespace tandem::launch {
namespace {

constexpr const char* preparing = "preparing its start (posix_spawn)";

void check(int error, const char* what)
{
    if (error != 0)
        throw_start_error(error, what);
}

struct file_actions
{
    posix_spawn_file_actions_t value;
    file_actions() { check(::posix_spawn_file_actions_init(&value), preparing); }
    ~file_actions() { ::posix_spawn_file_actions_destroy(&value); }
    file_actions(const file_actions&) = delete;
    file_actions& operator=(const file_actions&) = delete;
};

struct attributes
{
    posix_spawnattr_t value;
    attributes() { check(::posix_spawnattr_init(&value), preparing); }
    ~attributes() { ::posix_spawnattr_destroy(&value); }
    attributes(const attributes&) = delete;
    attributes& operator=(const attributes&) = delete;
};

std::vector<char*> pointers(const std::vector<std::string>& texts)
{
    std::vector<char*> result;
    for (const std::string& text : texts)
        result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

} // namespace

process::process spawn_launcher::operator()(boost::asio::any_io_executor executor, const command& program) const
{
    file_actions actions;
    for (std::size_t i = 0; i < descriptors.size(); ++i)
        check(::posix_spawn_file_actions_adddup2(&actions.value, descriptors[i], static_cast<int>(i)), preparing);
    check(::posix_spawn_file_actions_addclosefrom_np(&actions.value, static_cast<int>(descriptors.size())),
          preparing);

    attributes attrs;
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    check(::posix_spawnattr_setsigmask(&attrs.value, &none), preparing);
    check(::posix_spawnattr_setsigdefault(&attrs.value, &all), preparing);
    check(::posix_spawnattr_setpgroup(&attrs.value, 0), preparing);
    check(::posix_spawnattr_setflags(&attrs.value,
                                     POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP),
          preparing);

    const auto argv = pointers(program.arguments);
    const auto envp = pointers(environment);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, program.path.c_str(), &actions.value, &attrs.value, argv.data(), envp.data());
    if (error != 0)
        throw_not_executed(program, error);
    try {
        descriptor pidfd(::pidfd_open(pid, 0));
        check(pidfd ? 0 : errno, "watching its process (pidfd_open)");
        process::process started(std::move(executor), pid, pidfd.get());
        pidfd.release();
        return started;
    } catch (...) { // there may be no descriptor left
        ::kill(-pid, SIGKILL);
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
        throw;
    }
}

} // namespace tandem::launch
