// A process inherits what the kernel keeps for the thread that starts it: the processors that it may run on, its scheduling
// policy, its niceness. A worker is to have the program's, which are its main thread's.
#ifndef TANDEM_LAUNCH_MAIN_THREAD_HPP
#define TANDEM_LAUNCH_MAIN_THREAD_HPP

#include <functional>

namespace tandem::launch {

/// Calls `start` on a thread that is scheduled as the main thread is: on this one where it is, else on one made for it, as
/// far as this program may do so: without rights niceness only rises. Throws what `start` throws, and
/// boost::system::system_error where there is no thread to be had.
void scheduled_as_main_thread(const std::function<void()>& start);

} // namespace tandem::launch

#endif
