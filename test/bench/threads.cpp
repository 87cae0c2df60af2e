// bench_threads WHO THREADS COUNT: seconds for an element of a map over vectors, as bench_tandem thread-map measures
// it, with another pool of threads. Exits with 3 where it was not there to be compiled.
#if __has_include(<BS_thread_pool.hpp>)
#include <BS_thread_pool.hpp>
#define HAS_BS
#endif
#if __has_include(<taskflow/taskflow.hpp>)
#include <taskflow/algorithm/for_each.hpp>
#include <taskflow/taskflow.hpp>
#define HAS_TASKFLOW
#endif
#if __has_include(<oneapi/tbb.h>)
#include <oneapi/tbb.h>
#define HAS_TBB
#endif

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

[[maybe_unused]] int work(int x) // where no other pool is there
{
    return x * 2 + 1;
}

template <class Map>
double measure(std::size_t count, Map map)
{
    double best = 1;
    for (int i = 0; i != 5; ++i) {
        const std::vector<int> items(count, 7);
        const auto begin = clock_type::now();
        std::vector<int> results(count);
        map(items, results);
        best = std::min(best, std::chrono::duration<double>(clock_type::now() - begin).count());
        if (results.back() != 15)
            std::abort();
    }
    return best / static_cast<double>(count);
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 4)
        return 2;
    const std::string who = argv[1];
    [[maybe_unused]] const std::size_t threads = std::strtoul(argv[2], nullptr, 10),
                                       count = std::strtoul(argv[3], nullptr, 10);
#ifdef HAS_BS
    if (who == "bs") {
        BS::thread_pool<> pool(threads);
        std::cout << measure(count, [&](const auto& items, auto& results) {
            pool.detach_loop(std::size_t{0}, items.size(), [&](std::size_t i) { results[i] = work(items[i]); });
            pool.wait();
        }) << std::endl;
        return 0;
    }
#endif
#ifdef HAS_TASKFLOW
    if (who == "taskflow") {
        tf::Executor pool(threads);
        std::cout << measure(count, [&](const auto& items, auto& results) {
            tf::Taskflow flow;
            flow.for_each_index(std::size_t{0}, items.size(), std::size_t{1},
                                [&](std::size_t i) { results[i] = work(items[i]); });
            pool.run(flow).wait();
        }) << std::endl;
        return 0;
    }
#endif
#ifdef HAS_TBB
    if (who == "tbb") {
        oneapi::tbb::task_arena arena(static_cast<int>(threads));
        std::cout << measure(count, [&](const auto& items, auto& results) {
            arena.execute([&] {
                oneapi::tbb::parallel_for(std::size_t{0}, items.size(),
                                          [&](std::size_t i) { results[i] = work(items[i]); });
            });
        }) << std::endl;
        return 0;
    }
#endif
    return 3;
}
