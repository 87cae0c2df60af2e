// Calls under tandem's frames that are not failed, and why.
#ifndef TANDEM_TEST_FAILURES_EXCLUDED_HPP
#define TANDEM_TEST_FAILURES_EXCLUDED_HPP

#include <array>

namespace calls {

struct exclusion
{
    const char* call;  ///< its name
    const char* under; ///< part of the mangled name of a function that called it; nullptr for any
    const char* why;
};

/// Not failed at all, and so not in the list:
/// - what only changes a state that is there, and takes nothing: ioctl (FIONBIO), epoll_ctl but to add, timerfd_settime,
///   pthread_sigmask, kill, munmap;
/// - waitid and wait4: they fail only for a process that is not ours any more, and then it would have to be reaped by somebody;
/// - the memory of an exception that is thrown: the runtime has some in reserve;
/// - work that is a coroutine: Asio's co_spawn does not bear that its own allocations fail (1.81: it uses a null pointer);
/// - what a worker itself calls: a failure there is a worker that ends, or an exception of its task's.
inline constexpr std::array exclusions{
    // A completion's memory is its handler's own, from the handler's allocator. Where Asio cannot have it, it has no way to call
    // the handler on the handler's executor, and the pool has none but Asio's.
    exclusion{"aligned_alloc", "E6submitI", "Asio posts or dispatches a completion to the handler's executor"},
    exclusion{"operator new", "E6submitI", "the same"},
    exclusion{"write", "interrupt", "Asio wakes its reactor: it ignores the failure, and a counter cannot be full"},
};

} // namespace calls

#endif
