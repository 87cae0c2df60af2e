#include <faults/recovery.hpp>

#include <faults/completion.hpp>
#include <faults/suite.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <string>

namespace faults {

void expect_recovery(tandem::process_pool& pool)
{
    step("running tasks when nothing is wrong any more");
    std::string last;
    const bool recovers = test::eventually(
        [&] {
            const completion later("a later task");
            pool.async_run(tandem::task<test::add>(2, 2), later.handler());
            last = later.outcome();
            later.expect_once();
            return last == "4";
        },
        patience);
    expect(recovers, "the pool does not recover: " + last);
    const bool starts = test::eventually(
        [&] { // a start that was under way may fail yet
            const completion started("async_start");
            pool.async_start(started.handler());
            last = started.outcome();
            return last == "done";
        },
        patience);
    expect(starts, "async_start: " + last);
}

} // namespace faults
