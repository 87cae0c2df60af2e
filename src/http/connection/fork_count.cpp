#include "http/connection/fork_count.hpp"

#include <atomic>

#include <pthread.h>
#include <unistd.h>

namespace tandem::http {
namespace {

std::atomic<unsigned> forks = 0;

bool count_forks() noexcept
{
    return ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); }) == 0;
}

} // namespace

unsigned fork_count() noexcept
{
    static const bool counted = count_forks();
    return counted ? forks.load(std::memory_order_relaxed) : static_cast<unsigned>(::getpid()); // where memory is short
}

} // namespace tandem::http
