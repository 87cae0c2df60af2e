// A kernel that refuses: calls of the C library that this program puts its own before, which fail on demand.
#ifndef TANDEM_TEST_FAULTS_REFUSALS_HPP
#define TANDEM_TEST_FAULTS_REFUSALS_HPP

namespace faults {

enum class call
{
    posix_spawnp,
    pipe2,
    memfd_create,
    fallocate,
    pidfd_open,
    count
};

/// While it lives, calls after the first `after` fail with `error`, so many `times`.
class refusal
{
public:
    refusal(call which, int error, int after, int times);
    ~refusal();
    refusal(const refusal&) = delete;
    refusal& operator=(const refusal&) = delete;

    /// How many were refused.
    int refused() const;

private:
    call which_;
};

} // namespace faults

#endif
