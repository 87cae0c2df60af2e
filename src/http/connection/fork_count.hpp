// Tells a process from a child that it forked, and that goes on with what it had.
#ifndef TANDEM_SRC_HTTP_CONNECTION_FORK_COUNT_HPP
#define TANDEM_SRC_HTTP_CONNECTION_FORK_COUNT_HPP

namespace tandem::http {

/// How often the parents of this process had forked to it since one of them asked first: another number in a child than in
/// its parent. Counts fork(), not clone() and vfork(), which run no handlers. Without a system call. Thread-safe.
unsigned fork_count() noexcept;

} // namespace tandem::http

#endif
