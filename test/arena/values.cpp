// Large values go there and come back as they were, through shared memory where there is room, else through the pipe.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/memory.hpp>
#include <support/preconditions.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/cancellation_source.hpp>
#include <tandem/detail/large_values.hpp>
#include <tandem/map.hpp>

#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <complex>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <span>
#include <string_view>

using namespace test;
using tandem::errc;
using tandem::run_options;
using tandem::task;
using tandem::detail::large_run;

BOOST_AUTO_TEST_SUITE(values)

namespace {

constexpr std::size_t mib = 1 << 20;
using numbers = std::vector<double>;

numbers counted(std::size_t size, double first = 0)
{
    numbers all(size / sizeof(double));
    std::iota(all.begin(), all.end(), first);
    return all;
}

template <class T>
T echo(T value)
{
    return value;
}

struct triple
{
    double x, y, z;
    bool operator==(const triple&) const = default;
};

struct picture
{
    std::string title;
    std::vector<triple> points;
    std::vector<numbers> layers;
    std::vector<std::array<float, 2>> corners;
    std::vector<std::complex<double>> waves;
    bool operator==(const picture&) const = default;
};

// Sizes that both sides know beforehand.
struct grid
{
    std::array<double, 64 * 1024> cells;
    bool operator==(const grid&) const = default;
};

picture a_picture()
{
    return {std::string(mib, 'x'),
            std::vector<triple>(50'000, {1, 2, 3}),
            {counted(mib), {}, {1}, counted(large_run), counted(large_run - 8)},
            std::vector<std::array<float, 2>>(100'000, {1, 2}),
            std::vector<std::complex<double>>(100'000, {1, -1})};
}

template <class T>
void returns_unchanged(processes& side, const T& value)
{
    BOOST_TEST((get_soon(side.pool.async_run(task<echo<T>>(value), asio::use_future)) == value));
}

void all_return_unchanged(processes& side)
{
    for (const std::size_t size : {large_run - 8, large_run, large_run + 8, 3 * mib})
        returns_unchanged(side, counted(size));
    for (const std::size_t size : {large_run - 1, large_run, large_run + 1})
        returns_unchanged(side, std::string(size, 'a') + 'b');
    returns_unchanged(side, std::u32string(100'000, U'x'));
    returns_unchanged(side, a_picture());
    returns_unchanged(side, std::make_pair(a_picture(), std::vector<picture>{a_picture(), a_picture()}));
    const auto cells = std::make_shared<grid>(grid{{1, 2, 3}});
    BOOST_TEST((*get_soon(side.pool.async_run(task<echo<std::shared_ptr<grid>>>(cells), asio::use_future)) == *cells));
}

double sum_of_many(const numbers& a, std::span<const double> b, std::string_view text, int c, const std::string& d,
                   std::span<const triple> e, const picture& f)
{
    return std::accumulate(a.begin(), a.end(), 0.0) + std::accumulate(b.begin(), b.end(), 0.0) +
           static_cast<double>(text.size() + d.size() + e.size() + f.points.size()) + c;
}

/// What is mapped where `address` is: its line in /proc/self/maps.
std::string mapping_of(const void* address)
{
    std::ifstream in("/proc/self/maps");
    for (std::string line; std::getline(in, line);) {
        unsigned long begin = 0, end = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2 &&
            begin <= reinterpret_cast<std::uintptr_t>(address) && reinterpret_cast<std::uintptr_t>(address) < end)
            return line;
    }
    return "";
}

std::string where_values_are(std::span<const double> values)
{
    return mapping_of(values.data());
}

std::string where_text_is(std::string_view text)
{
    return mapping_of(text.data());
}

double die_once_with(const std::string& gate_path, std::span<const double> values)
{
    if (announce(gate_path) == 1)
        ::kill(::getpid(), SIGKILL);
    return std::accumulate(values.begin(), values.end(), 0.0);
}

double sum(const numbers& values)
{
    return std::accumulate(values.begin(), values.end(), 0.0);
}

/// By this process, by whatever call: from pipes, as nothing else is read.
std::uint64_t bytes_read()
{
    std::ifstream file("/proc/self/io");
    std::string name;
    std::uint64_t bytes = 0;
    file >> name >> bytes;
    return bytes;
}

std::size_t number_of(const std::vector<std::string>& texts)
{
    return texts.size();
}

std::size_t allocated_bytes()
{
    return allocated_memory();
}

int fail_at_length(std::size_t size)
{
    throw std::runtime_error(std::string(size, 'x'));
}

numbers make(double first)
{
    return counted(2 * mib, first);
}

numbers make_most(int)
{
    return counted(7 * mib);
}

std::vector<std::string> make_texts(int count)
{
    return std::vector<std::string>(static_cast<std::size_t>(5000 + count), "a text with some characters");
}

// Writes its bytes, but cannot be encoded to the end.
struct halfway
{
    numbers values;

    template <class Archive>
    void save(Archive& archive) const
    {
        archive(values);
        if (!values.empty())
            throw std::runtime_error("halfway");
    }

    template <class Archive>
    void load(Archive& archive)
    {
        archive(values);
    }
};

halfway make_halfway(int)
{
    return {counted(2 * mib)};
}

void take_halfway(const halfway&) {}

// Five GiB of address space and no memory.
struct huge
{
    static constexpr std::size_t size = std::size_t{5} << 30;
    bool is_full = false;

    template <class Archive>
    void save(Archive& archive) const
    {
        archive(is_full);
        if (!is_full)
            return;
        struct mapping
        {
            void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            ~mapping() { ::munmap(data, size); }
        } all;
        archive(cereal::binary_data(static_cast<const char*>(all.data), size));
    }

    template <class Archive>
    void load(Archive& archive)
    {
        archive(is_full);
    }
};

huge make_huge(bool is_full)
{
    return {is_full};
}

bool take_huge(const huge& value)
{
    return value.is_full;
}

} // namespace

BOOST_AUTO_TEST_CASE(there_and_back)
{
    processes side(2);
    all_return_unchanged(side);
    BOOST_TEST(side.pool.stats().shared_memory_full == 0U);
}

BOOST_AUTO_TEST_CASE(there_and_back_through_the_pipe)
{
    processes side(2, {.shared_memory = 0});
    all_return_unchanged(side);
    BOOST_TEST(side.pool.stats().shared_memory_full == 0U);
}

BOOST_AUTO_TEST_CASE(what_finds_no_room_takes_the_pipe_and_is_counted)
{
    processes side(1, {.shared_memory = mib});
    returns_unchanged(side, counted(4 * mib));
    BOOST_TEST(side.pool.stats().shared_memory_full == 4U); // there, and back: the run, and the message that it is in
    all_return_unchanged(side);                             // some here, some there, in one message
    const auto counted_so_far = side.pool.stats().shared_memory_full;
    BOOST_TEST(counted_so_far > 2U);
    fails(side.pool, task<die>("kill"));
    BOOST_TEST(side.pool.stats().shared_memory_full == counted_so_far); // also with its worker gone
}

// Also where they have no large part.
BOOST_AUTO_TEST_CASE(messages_of_some_size_go_through_no_pipe)
{
    processes side(1);
    const auto read_there = [&] { return get_soon(side.pool.async_run(task<bytes_read>(), asio::use_future)); };
    read_there(); // as long as it takes to start
    for (const std::size_t count : {400U, 10'000U, 200'000U}) {
        const std::vector<std::string> texts(count, "a text with some characters");
        const std::uint64_t here = bytes_read(), there = read_there();
        returns_unchanged(side, texts);
        const std::uint64_t now_there = read_there(), now_here = bytes_read();
        BOOST_TEST_MESSAGE(count << " texts: " << now_there - there << " bytes read by the worker, " << now_here - here << " here");
        BOOST_TEST(now_there - there < 8000U);
        BOOST_TEST(now_here - here < 8000U);
    }
    BOOST_TEST(side.pool.stats().shared_memory_full == 0U);
}

// More than the ring holds, each of them small.
BOOST_AUTO_TEST_CASE(results_that_find_the_ring_full_go_through_no_pipe)
{
    processes side(1);
    const gate place;
    const recording<int> running;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    std::vector<std::future<std::string>> all;
    for (int i = 0; i != 500; ++i)
        all.push_back(side.pool.async_run(task<echo<std::string>>(std::string(2000, 'x')), asio::use_future));
    const std::uint64_t before = bytes_read();
    place.open();
    for (auto& one : all)
        BOOST_TEST(get_soon(std::move(one)).size() == 2000U);
    const std::uint64_t here = bytes_read() - before;
    BOOST_TEST_MESSAGE(here << " bytes read here");
    BOOST_TEST(here < 100'000U);
}

BOOST_AUTO_TEST_CASE(several_large_arguments)
{
    processes side(1);
    const numbers a(200'000, 1), b(100'000, 2);
    const auto call = task<sum_of_many>(a, b, std::string(mib, 'x'), 5, std::string(mib, 'y'),
                                        std::vector<triple>(50'000), a_picture());
    BOOST_TEST(get_soon(side.pool.async_run(call, asio::use_future)) ==
               200'000 + 200'000 + 2.0 * mib + 50'000 + 50'000 + 5);
}

BOOST_AUTO_TEST_CASE(views_are_of_the_shared_memory_itself)
{
    processes side(1);
    for (const std::string& where :
         {get_soon(side.pool.async_run(task<where_values_are>(numbers(mib)), asio::use_future)),
          get_soon(side.pool.async_run(task<where_text_is>(std::string(mib, 'x')), asio::use_future))}) {
        BOOST_TEST(where.find("memfd:tandem-values") != std::string::npos, where);
        BOOST_TEST(where.find("r--s") != std::string::npos, where); // no worker can write there
    }
    const auto small = get_soon(side.pool.async_run(task<where_values_are>(numbers(10)), asio::use_future));
    BOOST_TEST(small.find("memfd") == std::string::npos, small);
}

BOOST_AUTO_TEST_CASE(a_retry_has_the_same_arguments)
{
    processes side(1);
    const gate place;
    BOOST_TEST(get_soon(side.pool.async_run(task<die_once_with>(place.path(), numbers(mib, 2)),
                                            run_options{.retries = 1}, asio::use_future)) == 2.0 * mib);
    BOOST_TEST(place.begun() == 2U);
}

BOOST_AUTO_TEST_CASE(room_comes_back_in_whatever_way_a_call_ends)
{
    constexpr std::size_t room = 16 * mib;
    processes side(1, {.max_message_size = 10 * mib, .shared_memory = room});
    const auto all_is_back = [&] {
        const auto before = side.pool.stats().shared_memory_full;
        const auto half = counted(7 * mib);
        const bool right = get_soon(side.pool.async_run(task<sum>(half), asio::use_future)) == sum(half);
        return right && side.pool.stats().shared_memory_full == before;
    };
    for (int round = 0; round != 3; ++round) {
        // Refused, thrown half-way, and dead.
        BOOST_TEST(fails(side.pool, task<take_halfway>(halfway{counted(2 * mib)})).code == errc::encode_failed);
        BOOST_TEST(fails(side.pool, task<make_halfway>(1)).code == errc::encode_failed);
        BOOST_TEST(fails(side.pool, task<sum>(counted(11 * mib))).code == errc::message_too_large);
        const std::vector<numbers> too_much{counted(6 * mib), counted(6 * mib)};
        BOOST_TEST(fails(side.pool, task<echo<std::vector<numbers>>>(too_much)).code == errc::message_too_large);
        const gate place;
        BOOST_TEST(fails(side.pool, task<die_once_with>(place.path(), numbers(mib))).code == errc::worker_died);
        BOOST_TEST(all_is_back());
        // Queued, and cancelled.
        const gate held;
        const recording<int> running;
        const recording<double> queued;
        side.pool.async_run(task<hold>(held.path()), running.handler());
        BOOST_REQUIRE(held.wait_for_begun());
        side.pool.async_run(task<sum>(counted(9 * mib)), queued.handler());
        side.pool.cancel();
        BOOST_TEST(failure_of(queued).code == asio::error::operation_aborted);
        running.wait();
        BOOST_TEST(all_is_back());
    }
    get_soon(side.pool.async_shutdown(tandem::shutdown_mode::drain, asio::use_future));
    BOOST_TEST(fails(side.pool, task<sum>(counted(9 * mib))).code == errc::pool_closed);
}

// Results that are cancelled, that nobody waits for, and of which the pool is gone.
BOOST_AUTO_TEST_CASE(room_comes_back_of_results_that_nobody_takes)
{
    const auto round = [](processes& side, int count) {
        for (int i = 0; i != count; ++i) {
            side.pool.async_run(task<make>(i), asio::detached);
            side.pool.async_run(task<make_texts>(i), asio::detached);
            const recording<numbers> cancelled;
            const tandem::cancellation_source source;
            side.pool.async_run(task<make>(i), cancellable(source, cancelled.handler()));
            source.cancel(i % 2 == 0 ? asio::cancellation_type::total : asio::cancellation_type::partial);
            BOOST_REQUIRE(cancelled.wait());
        }
    };
    for (int pools = 0; pools != 3; ++pools) {
        processes side(1, {.shared_memory = 8 * mib});
        round(side, 2);
        get_soon(side.pool.async_run(task<make>(1), asio::use_future));
        const std::size_t before = allocated_memory();
        round(side, 20);
        // One after the other: both always have room, when the one before has been read.
        const auto refused = side.pool.stats().shared_memory_full;
        for (int i = 0; i != 3; ++i)
            BOOST_TEST(get_soon(side.pool.async_run(task<make_most>(1), asio::use_future)).size() == 7 * mib / sizeof(double));
        BOOST_TEST(side.pool.stats().shared_memory_full == refused);
        const std::size_t after = allocated_memory();
        BOOST_TEST_MESSAGE(before << " bytes are allocated before, " << after << " after");
        BOOST_TEST(after < before + mib / 2);
        for (int i = 0; i != 10; ++i)
            side.pool.async_run(task<make>(i), asio::detached); // under way when the pool goes
    }
}

// Whatever it went through, and also where it was many small allocations.
BOOST_AUTO_TEST_CASE(nothing_stays_allocated_of_large_values)
{
    for (const std::size_t room : {std::size_t{1} << 30, std::size_t{0}}) {
        processes side(1, {.shared_memory = room});
        const auto allocated_there = [&] { return get_soon(side.pool.async_run(task<allocated_bytes>(), asio::use_future)); };
        returns_unchanged(side, std::vector<std::string>(1000, "a text with some characters"));
        allocated_there();
        const std::size_t here = allocated_memory(), there = allocated_there();
        returns_unchanged(side, std::vector<std::string>(200'000, "a text with some characters"));
        returns_unchanged(side, counted(20 * mib));
        std::size_t length = 0;
        try {
            get_soon(side.pool.async_run(task<fail_at_length>(20 * mib), asio::use_future));
        } catch (const std::runtime_error& error) {
            length = std::string_view(error.what()).size();
        }
        BOOST_TEST(length >= 20 * mib);
        const std::size_t now_there = allocated_there();
        // The pool's thread frees the message when it has completed the operation.
        const bool is_free = eventually([&] { return allocated_memory() < here + 2 * mib; });
        const std::size_t now_here = allocated_memory();
        BOOST_TEST_MESSAGE(room << " bytes of shared memory: " << now_there << " bytes are allocated in the worker, " << now_here
                                << " here; before, " << there << " and " << here);
        BOOST_TEST(now_there < there + 2 * mib);
        BOOST_TEST(is_free);
    }
}

// Which the C library keeps where it was many small allocations. The worker is not asked: it is to be idle.
BOOST_AUTO_TEST_CASE(a_worker_gives_back_what_large_values_were_made_of, *unsanitized())
{
    processes side(1);
    const int worker = get_soon(side.pool.async_run(task<process_id>(), asio::use_future));
    const auto resident_there = [&] {
        std::size_t pages = 0, resident = 0;
        std::ifstream("/proc/" + std::to_string(worker) + "/statm") >> pages >> resident;
        return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    };
    const std::size_t before = resident_there();
    const std::vector<std::string> texts(1'000'000, "a text with some characters");
    BOOST_TEST(get_soon(side.pool.async_run(task<number_of>(texts), asio::use_future)) == texts.size());
    BOOST_TEST(eventually([&] { return resident_there() < before + 60 * mib; })); // 35 MiB are the shared memory of the arguments
    BOOST_TEST_MESSAGE("the worker had " << before << " bytes, and has " << resident_there());
}

BOOST_AUTO_TEST_CASE(a_result_may_have_max_message_size_bytes)
{
    tandem::byte_buffer bytes;
    tandem::encode(bytes, make_texts(0));
    processes side(1, {.max_message_size = bytes.size()});
    BOOST_TEST(get_soon(side.pool.async_run(task<make_texts>(0), asio::use_future)) == make_texts(0));
    BOOST_TEST(fails(side.pool, task<make_texts>(1)).code == errc::message_too_large);
}

BOOST_AUTO_TEST_CASE(the_limit_holds_also_while_other_tasks_wait)
{
    processes side(1, {.max_message_size = 10 * mib});
    const gate place;
    const recording<int> running, waiting;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    side.pool.async_run(task<add>(1, 2), waiting.handler());
    const std::vector<numbers> too_much{counted(6 * mib), counted(6 * mib)};
    const recording<std::vector<numbers>> refused;
    side.pool.async_run(task<echo<std::vector<numbers>>>(too_much), refused.handler());
    BOOST_TEST(eventually([&] { return refused.calls() == 1; }, short_time * 10));
    place.open();
    BOOST_TEST(failure_of(refused).code == errc::message_too_large);
    BOOST_TEST(waiting.take() == 3);
}

BOOST_AUTO_TEST_CASE(many_at_once_with_little_room)
{
    processes side(2, {.shared_memory = 12 * mib});
    std::vector<std::future<numbers>> all;
    for (int i = 0; i != 60; ++i)
        all.push_back(side.pool.async_run(task<echo<numbers>>(counted(mib + 8 * static_cast<std::size_t>(i), i)),
                                          asio::use_future));
    for (std::size_t i = 0; i != all.size(); ++i)
        BOOST_TEST((get_soon(std::move(all[i])) == counted(mib + 8 * i, static_cast<double>(i))));
}

BOOST_AUTO_TEST_CASE(workers_die_while_results_are_under_way)
{
    processes side(2);
    get_soon(side.pool.async_start(asio::use_future));
    std::vector<std::unique_ptr<recording<numbers>>> all;
    for (int i = 0; i != 200; ++i) {
        all.push_back(std::make_unique<recording<numbers>>());
        side.pool.async_run(task<make>(i), all.back()->handler());
        if (i % 20 == 10) {
            const recording<int> id;
            side.pool.async_run(task<process_id>(), id.handler());
            if (id.wait() && !id.error())
                ::kill(id.take(), SIGKILL);
        }
    }
    int died = 0;
    for (std::size_t i = 0; i != all.size(); ++i) {
        BOOST_REQUIRE(all[i]->wait());
        if (all[i]->error())
            died += failure_of(*all[i]).code == errc::worker_died ? 1 : 1000;
        else
            BOOST_REQUIRE((all[i]->take() == make(static_cast<double>(i))));
    }
    BOOST_TEST(died <= 10);
}

BOOST_AUTO_TEST_CASE(a_pool_is_destroyed_with_results_under_way)
{
    for (int round = 0; round != 10; ++round) {
        std::vector<std::future<numbers>> all;
        {
            processes side(2);
            for (int i = 0; i != 20; ++i)
                all.push_back(side.pool.async_run(task<make>(i), asio::use_future));
            all[static_cast<std::size_t>(round)].wait_for(long_time);
        }
        for (std::size_t i = 0; i != all.size(); ++i)
            try {
                BOOST_REQUIRE((get_soon(std::move(all[i])) == make(static_cast<double>(i))));
            } catch (const boost::system::system_error& e) {
                BOOST_TEST(e.code() == asio::error::operation_aborted);
            }
    }
}

BOOST_AUTO_TEST_CASE(a_map_of_large_values)
{
    processes side(2);
    std::vector<numbers> inputs;
    for (int i = 0; i != 20; ++i)
        inputs.push_back(counted(2 * mib, i));
    BOOST_TEST((get_soon(tandem::async_map(side.pool, task<echo<numbers>>, inputs, asio::use_future)) == inputs));
}

BOOST_AUTO_TEST_CASE(more_than_four_gib_is_an_error_before_it_is_copied)
{
    processes side(1);
    BOOST_TEST(!get_soon(side.pool.async_run(task<take_huge>(huge{false}), asio::use_future)));
    const failure there = fails(side.pool, task<take_huge>(huge{true}));
    BOOST_TEST(there.code == errc::message_too_large);
    BOOST_TEST(there.says("5368709120"));
    const failure back = fails(side.pool, task<make_huge>(true));
    BOOST_TEST(back.code == errc::message_too_large);
    BOOST_TEST(back.says("5368709120"));
}

BOOST_AUTO_TEST_CASE(limits_of_memory_do_not_count_what_is_shared, *unsanitized())
{
    processes side(1, {.limits = {.address_space = 1024 * mib}, .shared_memory = 4096 * mib});
    returns_unchanged(side, counted(8 * mib));
    BOOST_TEST(side.pool.stats().shared_memory_full == 0U);
}

BOOST_AUTO_TEST_CASE(values_of_others_do_not_count_as_a_workers_memory, *unsanitized())
{
    // Each value lies elsewhere, as all are held at once; the worker has seen 512 MiB in the end.
    processes side(1, {.limits = {.resident_memory = 200 * mib}});
    std::vector<std::future<double>> all;
    for (int i = 0; i != 64; ++i)
        all.push_back(side.pool.async_run(task<sum>(numbers(mib, 1)), asio::use_future));
    for (auto& one : all)
        BOOST_TEST(get_soon(std::move(one)) == 1.0 * mib);
}

BOOST_AUTO_TEST_SUITE_END()
