// Looks for an order of events in which a scenario goes wrong, and makes what it found short.
//
//   scenario    what is simulated, with what must hold
//   verdict     how one run of it went
//   expect      throws where something does not hold
//   explorer    runs a scenario: by seeds, by choices, in all orders to a depth
#ifndef TANDEM_TEST_SIMULATE_EXPLORATION_HPP
#define TANDEM_TEST_SIMULATE_EXPLORATION_HPP

#include <simulate/choices.hpp>
#include <simulate/trace.hpp>
#include <simulate/world.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace simulate {

struct scenario
{
    std::string name;
    unsigned share = 0; ///< of all random orders, in percent; 0 where it is for all orders
    std::function<void(world&)> live; ///< throws where something does not hold
};

struct verdict
{
    std::string fault; ///< empty where all held
    std::vector<std::uint32_t> choices; ///< that were made
    std::vector<std::uint32_t> counts;  ///< each was below
    std::string story;
    std::uint64_t seed = 0;
};

/// What a scenario throws.
struct broken : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

inline void expect(bool holds, const std::string& what)
{
    if (!holds)
        throw broken(what);
}

/// Runs it in processes of its own, so that a crash and an endless wait are verdicts as others are.
class explorer
{
public:
    explicit explorer(scenario what);
    ~explorer();
    explorer(const explorer&) = delete;
    explorer& operator=(const explorer&) = delete;

    /// The first of the seeds that goes wrong, or nothing.
    std::optional<verdict> run_seeds(std::uint64_t first, std::uint64_t count);

    /// Every order that differs from the usual one within the first `depth` choices, `most` at the most. The first that
    /// goes wrong, or nothing; how many were run.
    std::optional<verdict> run_all(std::size_t depth, std::uint64_t most, std::uint64_t& runs);

    verdict run(const std::vector<std::uint32_t>& given);

    /// The shortest choices that have the same fault, found by leaving out and by taking the usual one.
    verdict shrink(const verdict& faulty);

private:
    enum class noise
    {
        shown,
        hidden
    };

    void live(choices source);
    template <class Function>
    void run_apart(noise stderr_noise, Function function);
    verdict last_verdict() const;
    verdict run_here(const std::vector<std::uint32_t>& given);
    template <class Run>
    verdict shrink_by(const verdict& faulty, Run run_choices);

    const scenario scenario_;
    trace& trace_; // shared with the processes
};

} // namespace simulate

#endif
