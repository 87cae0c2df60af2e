// Has one call fail that tandem makes: the n-th allocation or system call under its frames.
#ifndef TANDEM_TEST_FAILURES_CALLS_HPP
#define TANDEM_TEST_FAILURES_CALLS_HPP

#include <cstddef>
#include <string>

namespace calls {

enum class kind
{
    allocation,
    system_call
};

/// Counts while it lives, on all threads, and has the n-th call of the kind fail. One at a time.
class failing
{
public:
    failing(kind which, std::size_t n);
    ~failing() { stop(); }
    failing(const failing&) = delete;
    failing& operator=(const failing&) = delete;

    /// Nothing fails, and nothing is counted, from here on.
    void stop() noexcept;

    /// Calls so far.
    std::size_t count() const noexcept;
};

/// The last that failed: its name, then in a line each who called it.
std::string describe_failure();

/// What operator new gave and operator delete did not get, in the whole program.
std::size_t held_allocations() noexcept;

} // namespace calls

#endif
