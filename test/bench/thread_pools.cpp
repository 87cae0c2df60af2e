// Work on threads.
#include "scenario.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {

namespace {

// Each piece of work begins the next one.
template <class Submit>
double on_threads(const arguments& a, Submit submit)
{
    struct chain
    {
        tandem::thread_pool& pool;
        Submit& submit;
        std::atomic<long> left;
        std::atomic<long> under_way;
        std::promise<void> done;

        void next()
        {
            if (left.fetch_sub(1, std::memory_order_relaxed) > 0)
                submit(pool, [this] { next(); });
            else if (under_way.fetch_sub(1) == 1)
                done.set_value();
        }
    };
    tandem::thread_pool pool(a.workers);
    chain all{pool, submit, a.count, a.outstanding, {}};
    const auto begin = clock_type::now();
    for (long i = 0; i != a.outstanding; ++i)
        all.next();
    all.done.get_future().wait();
    const double seconds = since(begin);
    pool.join();
    return seconds / static_cast<double>(a.count);
}

double post_on_threads(const arguments& a)
{
    return on_threads(a, [](tandem::thread_pool& pool, auto next) { asio::post(pool.get_executor(), next); });
}

double run_on_threads(const arguments& a)
{
    return on_threads(a, [](tandem::thread_pool& pool, auto next) {
        pool.async_run([] {}, [next](const std::exception_ptr&) { next(); });
    });
}

double map_on_threads(const arguments& a)
{
    tandem::thread_pool pool(a.workers);
    double best = 1;
    for (int i = 0; i != 5; ++i) {
        std::vector<int> items(static_cast<std::size_t>(a.count), 7);
        const auto begin = clock_type::now();
        const auto results = tandem::async_map(
                                 pool, [](int x) { return x * 2 + 1; }, std::move(items), asio::use_future)
                                 .get();
        best = std::min(best, since(begin));
        if (results.size() != static_cast<std::size_t>(a.count) || results.back() != 15)
            throw std::runtime_error("results are missing");
    }
    return best / static_cast<double>(a.count);
}

const scenario of_threads[] = {{"thread-post", post_on_threads},
                        {"thread-run", run_on_threads},
                        {"thread-map", map_on_threads}};

} // namespace

} // namespace bench
