#include <simulate/world.hpp>

#include <algorithm>
#include <utility>

namespace simulate {

world::~world()
{
    end_context();
}

void world::end_context()
{
    if (!context_)
        return;
    // As Asio's contexts do it: services are shut down, what was never called is destroyed, and then the services are.
    const std::unique_ptr<shut_context> ending = std::move(context_);
    ending->shutdown();
    while (!ready_.empty())
        std::exchange(ready_, {});
}

void world::make_ready(const char* what, std::function<void()> handler)
{
    if (context_)
        ready_.push_back({what, std::move(handler)});
}

void world::interleave()
{
    constexpr int most_threads = 2;
    if (other_threads_ == most_threads || !context_)
        return;
    struct turn
    {
        int& count;
        explicit turn(int& c) : count(c) { ++count; }
        ~turn() { --count; }
    };
    const turn other(other_threads_);
    while (choices_.one_in(6)) {
        note("meanwhile, on another thread:");
        if (!step())
            return;
    }
}

void world::expire()
{
    for (auto it = alarms_.begin(); it != alarms_.end();) {
        if (it->end > now_) {
            ++it;
            continue;
        }
        auto expired = std::move(it->expired);
        it = alarms_.erase(it);
        expired();
    }
}

void world::pass(std::chrono::nanoseconds time)
{
    now_ += time;
    expire();
}

std::vector<world::actor_id> world::able_actors()
{
    std::vector<actor_id> able;
    for (auto it = actors_.begin(); it != actors_.end(); ++it)
        if (it->can())
            able.push_back(it);
    return able;
}

bool world::act()
{
    const std::vector<actor_id> able = able_actors();
    if (able.empty())
        return false;
    const actor& one = *able[choices_.below(able.size())];
    note(one.name);
    one.act();
    return true;
}

bool world::step()
{
    constexpr std::chrono::microseconds shortest_step{1};
    now_ += shortest_step;
    const std::vector<actor_id> able = able_actors();
    const bool may_wait = !alarms_.empty();
    const std::size_t count = ready_.size() + able.size() + (may_wait ? 1 : 0);
    if (count == 0)
        return false;
    std::size_t chosen = choices_.below(count);
    if (chosen < ready_.size()) {
        const auto it = ready_.begin() + static_cast<std::ptrdiff_t>(chosen);
        ready_handler one = std::move(*it);
        ready_.erase(it);
        note(one.what);
        one.handler();
        return true;
    }
    chosen -= ready_.size();
    if (chosen < able.size()) {
        const actor& one = *able[chosen];
        note(one.name);
        one.act();
        return true;
    }
    const auto next = std::ranges::min_element(alarms_, {}, &alarm::end)->end;
    // On time, or late, as by a program that was stopped.
    const bool late = choices_.one_in(8);
    note(late ? "time passes, and more of it" : "time passes");
    pass(std::max(next - now_, std::chrono::nanoseconds(0)) + (late ? std::chrono::seconds(3) : std::chrono::seconds(0)));
    return true;
}

} // namespace simulate
