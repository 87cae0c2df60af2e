#include <simulate/locks.hpp>

#include <support/sanitizer.hpp>

#include <pthread.h>
#include <unistd.h>

#include <cerrno>

namespace simulate::locks {
namespace {

trace* told = nullptr;

[[noreturn]] void wait_for_ever(const char* what)
{
    told->set_fault(what);
    ::_exit(1);
}

} // namespace

void tell(trace& where)
{
    told = &where;
}

} // namespace simulate::locks

// In the place of the system's. ThreadSanitizer has its own.
#ifndef TANDEM_TEST_THREAD_SANITIZED
extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept
{
    const int error = ::pthread_mutex_trylock(mutex);
    if (error == EBUSY && simulate::locks::told)
        simulate::locks::wait_for_ever("it waits for a lock that it holds: user code runs under it");
    return error;
}

extern "C" int pthread_cond_wait(pthread_cond_t*, pthread_mutex_t*)
{
    simulate::locks::wait_for_ever("it waits for what nobody else can do");
}
#endif
