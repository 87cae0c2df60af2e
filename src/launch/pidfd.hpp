// pidfd_open, for which glibc 2.36's header is not C++'s.
#ifndef TANDEM_LAUNCH_PIDFD_HPP
#define TANDEM_LAUNCH_PIDFD_HPP

#include <sys/types.h>

extern "C" int pidfd_open(pid_t pid, unsigned flags) noexcept;

#endif
