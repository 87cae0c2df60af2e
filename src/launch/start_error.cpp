#include <launch/start_error.hpp>

#include <boost/system/system_error.hpp>

#include <cerrno>

namespace tandem::launch {
namespace {

const char* help_for(const boost::system::error_code& cause)
{
    if (cause.category() != boost::system::system_category() && cause.category() != boost::system::generic_category())
        return "";
    switch (cause.value()) {
    case EMFILE:
        return "raise this program's limit on open files (ulimit -n), or have fewer workers";
    case ENFILE:
        return "raise the system's limit on open files (fs.file-max)";
    case EAGAIN:
        return "raise the limit on processes (ulimit -u, or pids.max of the control group), or have fewer workers";
    case ENOMEM:
        return "have fewer workers, or more memory";
    case EFBIG:
        return "raise the limit on file sizes (ulimit -f): it counts for memory that is shared with a worker";
    case ENOSPC:
        return "raise the limit on watched descriptors (fs.epoll.max_user_watches)";
    case ENOSYS:
    case EPERM:
        return "tandem needs Linux 5.3 or newer, and a sandbox that filters system calls must allow this one";
    default:
        return "";
    }
}

std::string sentence(const boost::system::error_code& cause, const std::string& step, const std::string& help)
{
    return step + ": " + cause.message() + (help.empty() ? "" : "; " + help);
}

} // namespace

start_error::start_error(const boost::system::error_code& cause, const std::string& step, const std::string& help)
    : std::runtime_error(sentence(cause, step, help)), code_(cause)
{
}

start_error::start_error(const boost::system::error_code& cause, const std::string& step)
    : start_error(cause, step, help_for(cause))
{
}

void throw_start_error(int error, const std::string& step)
{
    throw start_error({error, boost::system::system_category()}, step);
}

} // namespace tandem::launch
