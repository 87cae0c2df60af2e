#include <worker/marker.hpp>

#include <tandem/worker.hpp>

#include <cstdlib>

namespace tandem::worker {
namespace {

// Set before any thread is started.
bool has_taken_over_main = false;
bool serving = false;

} // namespace

bool is_marked() noexcept
{
    static const bool marked = std::getenv(marker_variable) != nullptr;
    return marked;
}

bool awaits_service() noexcept
{
    return is_marked() && !serving;
}

void take_over_main() noexcept
{
    has_taken_over_main = true;
}

bool can_be_own_worker() noexcept
{
    return has_taken_over_main;
}

void begin_service() noexcept
{
    serving = is_marked();
    ::unsetenv(marker_variable);
}

int depth() noexcept
{
    const char* value = std::getenv(depth_variable);
    return value ? std::atoi(value) : 0;
}

} // namespace tandem::worker

namespace tandem {

bool is_worker() noexcept
{
    return worker::is_marked();
}

} // namespace tandem
