// Tells a scheduler what a recording says that another was told, and compares what it does.
#ifndef TANDEM_TEST_SCHEDULE_REPLAY_HPP
#define TANDEM_TEST_SCHEDULE_REPLAY_HPP

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::schedule {

/// Where a replay went another way.
struct difference
{
    std::size_t line = 0; ///< of the event
    std::string event;    ///< as it was recorded
    std::vector<std::string> expected, got; ///< actions and results
    std::string fault;    ///< what else is wrong: the recording cannot be read there, or the scheduler asked for more
};
std::ostream& operator<<(std::ostream& out, const difference& d);

struct replayed
{
    std::size_t events = 0;
    std::size_t actions = 0;
    bool is_whole = false; ///< the recording has its end
    std::optional<difference> first; ///< nothing where all went the same way
};

/// A recording without its end, as of a program that was killed, is replayed as far as it goes.
replayed replay(std::string_view recording);

} // namespace tandem::schedule

#endif
