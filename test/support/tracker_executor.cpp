#include <support/tracker_executor.hpp>

#include <algorithm>
#include <atomic>
#include <vector>

namespace test {
namespace {

thread_local std::vector<int> running_trackers;
thread_local int initiations = 0;

} // namespace

bool runs_on_tracker(int id) noexcept
{
    return std::ranges::find(running_trackers, id) != running_trackers.end();
}

bool is_initiating() noexcept
{
    return initiations != 0;
}

initiating_scope::initiating_scope() noexcept
{
    ++initiations;
}

initiating_scope::~initiating_scope()
{
    --initiations;
}

tracker_executor::running_scope::running_scope(int id)
{
    running_trackers.push_back(id);
}

tracker_executor::running_scope::~running_scope()
{
    running_trackers.pop_back();
}

int tracker_executor::new_id() noexcept
{
    static std::atomic<int> last{0};
    return ++last;
}

} // namespace test
