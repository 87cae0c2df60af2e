// A pool's own work in the simulated world.
#ifndef TANDEM_TEST_SIMULATE_LOOP_HPP
#define TANDEM_TEST_SIMULATE_LOOP_HPP

#include <simulate/world.hpp>

#include <io/loop.hpp>

#include <boost/asio/error.hpp>

#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace simulate {

class timer final : public tandem::io::timer
{
public:
    explicit timer(world& w) : world_(w) {}
    ~timer() override { cancel(); }

    void async_wait_until(time_point end, continuation done) override
    {
        cancel();
        done_ = std::make_shared<continuation>(std::move(done));
        alarm_ = world_.set({end, [this] {
                                 alarm_.reset();
                                 finish({});
                             }});
    }

    void cancel() noexcept override
    {
        if (alarm_)
            world_.unset(*std::exchange(alarm_, std::nullopt));
        finish(boost::asio::error::operation_aborted);
    }

private:
    void finish(const boost::system::error_code& error)
    {
        if (auto done = std::exchange(done_, nullptr))
            world_.make_ready("the timer", [done, error] { (*done)(error); });
    }

    world& world_;
    std::optional<world::alarm_id> alarm_;
    std::shared_ptr<continuation> done_;
};

class loop final : public tandem::io::loop
{
public:
    explicit loop(world& w) : world_(w) {}

    time_point now() const noexcept override { return world_.now(); }
    void post(continuation next) override { add("what was posted", std::move(next)); }
    void defer(continuation next) override { add("what was deferred", std::move(next)); }
    std::unique_ptr<tandem::io::timer> make_timer() override { return std::make_unique<timer>(world_); }

    void abandon() noexcept override {}

    // What the workers do until one of them waits for the pool.
    void wait_for(std::span<const tandem::io::waitable* const>, time_point end) override
    {
        constexpr std::chrono::microseconds one_act{100};
        world_.add_block();
        const bool acted = world_.act();
        world_.pass(acted ? one_act : end - world_.now());
    }

private:
    void add(const char* what, continuation next)
    {
        auto held = std::make_shared<continuation>(std::move(next));
        world_.make_ready(what, [held] { (*held)({}); });
    }

    world& world_;
};

} // namespace simulate

#endif
