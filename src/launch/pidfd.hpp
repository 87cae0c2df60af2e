// What is done by a process's descriptor: glibc 2.36's header is not C++'s.
#ifndef TANDEM_LAUNCH_PIDFD_HPP
#define TANDEM_LAUNCH_PIDFD_HPP

#include <signal.h>
#include <sys/types.h>

extern "C" int pidfd_open(pid_t pid, unsigned flags) noexcept;
extern "C" int pidfd_send_signal(int pidfd, int signal, siginfo_t* info, unsigned flags) noexcept;

#endif
