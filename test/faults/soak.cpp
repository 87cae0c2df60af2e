// test_soak [TASKS] [SEED] [SECONDS]: that many tasks on two workers, of which one is killed every few milliseconds. No
// task is lost and none runs twice: each writes its number to a file of its process, and at the end all are counted.
// SECONDS limits the time: then fewer tasks are submitted.
#include <faults/suite.hpp>
#include <support/gate.hpp>
#include <support/leak_check.hpp>
#include <support/waiting.hpp>

#include <tandem/process_pool.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/thread_pool.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t in_flight = 64;
constexpr auto between_kills = 10ms; // on average

// In a worker: notes that the task began, by one write, which a kill cannot cut; then computes a little.
std::uint64_t note(std::uint64_t number, const std::string& folder)
{
    static const int file =
        ::open((folder + "/begun." + std::to_string(::getpid())).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (::write(file, &number, sizeof number) != sizeof number)
        ::_exit(3);
    std::uint64_t sum = number;
    for (std::uint64_t i = 0; i != (number % 100 == 0 ? 1'000'000 : 2'000); ++i)
        sum = sum * 6364136223846793005U + i;
    return number * 2 + (sum == 1 ? 1 : 0); // sum is never looked at else
}

enum class end : unsigned char
{
    none,
    done,
    worker_died,
    wrong,
    twice
};

class soak
{
public:
    soak(std::uint64_t tasks, std::uint64_t seed, clock::time_point deadline)
        : tasks_(tasks), deadline_(deadline), random_(seed), ends_(tasks + 1)
    {
    }

    bool run();

private:
    void fill();
    void submit(std::uint64_t number);
    void finished(std::uint64_t number, const std::exception_ptr& error, std::uint64_t result);
    void kill_one();
    bool judge(double seconds) const;

    const std::uint64_t tasks_;
    const clock::time_point deadline_;
    std::mt19937_64 random_;
    test::gate place_;
    asio::thread_pool context_{2};
    // Workers are killed as they start, too: the pool is not to give up on them.
    std::optional<tandem::process_pool> pool_{std::in_place, context_,
                                              tandem::process_pool_options{.workers = 2,
                                                                           .start_attempts = 1'000'000,
                                                                           .start_backoff = 1ms,
                                                                           .start_backoff_limit = 10ms}};
    std::mutex mutex_;
    std::vector<end> ends_; // by number, from 1
    std::uint64_t submitted_ = 0, completed_ = 0;
    std::uint64_t kills_ = 0, workers_started_ = 0;
};

void soak::fill()
{
    for (;;) {
        std::uint64_t number = 0;
        {
            const std::lock_guard lock(mutex_);
            if (submitted_ == tasks_ || submitted_ - completed_ >= in_flight || clock::now() > deadline_)
                return;
            number = ++submitted_;
        }
        submit(number);
    }
}

void soak::submit(std::uint64_t number)
{
    pool_->async_run(tandem::task<note>(number, place_.path()),
                     [this, number](const std::exception_ptr& error, std::uint64_t result) {
                         finished(number, error, result);
                         fill();
                     });
}

void soak::finished(std::uint64_t number, const std::exception_ptr& error, std::uint64_t result)
{
    end how = result == number * 2 ? end::done : end::wrong;
    try {
        if (error)
            std::rethrow_exception(error);
    } catch (const tandem::task_error& e) {
        how = e.code() == tandem::errc::worker_died && e.report().signal == SIGKILL ? end::worker_died : end::wrong;
        if (how == end::wrong)
            std::cout << "task " << number << ": " << e.what() << '\n';
    } catch (const std::exception& e) {
        how = end::wrong;
        std::cout << "task " << number << ": " << e.what() << '\n';
    }
    const std::lock_guard lock(mutex_);
    ends_[number] = ends_[number] == end::none ? how : end::twice;
    ++completed_;
}

// Any worker: one that runs a task, is idle, is starting or just ending.
void soak::kill_one()
{
    std::vector<int> pids;
    std::error_code ignored;
    for (const auto& thread : fs::directory_iterator("/proc/self/task", ignored)) {
        std::ifstream in(thread.path() / "children");
        for (int pid = 0; in >> pid;)
            pids.push_back(pid);
    }
    if (!pids.empty() && ::kill(pids[random_() % pids.size()], SIGKILL) == 0)
        ++kills_;
}

bool soak::run()
{
    const auto begin = clock::now();
    auto told = begin, progress = begin;
    std::uint64_t last = 0;
    clock::duration pause = between_kills;
    fill();
    for (;;) {
        std::this_thread::sleep_for(pause * (random_() % 1000) / 500);
        std::uint64_t completed = 0, submitted = 0;
        {
            const std::lock_guard lock(mutex_);
            completed = completed_;
            submitted = submitted_;
        }
        if (completed == submitted && (submitted == tasks_ || clock::now() > deadline_))
            break;
        kill_one();
        if (completed != last)
            progress = clock::now();
        // On a slow machine a worker may take longer to start than it is left alive, and nothing would ever run.
        pause = completed != last ? clock::duration(between_kills) : std::min<clock::duration>(pause * 3 / 2, 1s);
        last = completed;
        if (clock::now() - progress > faults::patience) {
            std::cout << "stuck: " << submitted - completed << " tasks do not complete\n";
            break;
        }
        if (clock::now() - told > 5s) {
            told = clock::now();
            std::cout << completed << " tasks, " << kills_ << " kills\n" << std::flush;
        }
    }
    const std::chrono::duration<double> took = clock::now() - begin;
    workers_started_ = pool_->stats().workers_started;
    pool_.reset();
    context_.join();
    return judge(took.count());
}

bool soak::judge(double seconds) const
{
    std::vector<unsigned> begun(tasks_ + 1);
    for (const auto& entry : fs::directory_iterator(place_.path())) {
        std::ifstream in(entry.path(), std::ios::binary);
        for (std::uint64_t number = 0; in.read(reinterpret_cast<char*>(&number), sizeof number);)
            if (number <= tasks_)
                ++begun[number];
    }
    std::uint64_t done = 0, died = 0, died_unbegun = 0, lost = 0, twice = 0, wrong = 0;
    for (std::uint64_t number = 1; number <= submitted_; ++number) {
        const end how = ends_[number];
        done += how == end::done;
        died += how == end::worker_died;
        wrong += how == end::wrong || (how == end::done && begun[number] == 0);
        lost += how == end::none;
        twice += how == end::twice || begun[number] > 1;
        died_unbegun += how == end::worker_died && begun[number] == 0;
    }
    std::cout << submitted_ << " tasks: " << done << " done, " << died << " failed with their worker (" << died_unbegun
              << " of them before their first line); " << lost << " lost, " << twice << " run or completed twice, "
              << wrong << " wrong\n"
              << kills_ << " kills, " << workers_started_ << " workers started, "
              << static_cast<std::uint64_t>(static_cast<double>(submitted_) / seconds) << " tasks/s in "
              << static_cast<std::uint64_t>(seconds) << " s\n";
    // A kill costs one task at the most.
    if (died > kills_)
        std::cout << "more tasks failed than workers were killed\n";
    return lost == 0 && twice == 0 && wrong == 0 && died <= kills_ && done + died == submitted_;
}

} // namespace

int main(int argc, char** argv)
{
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    tandem::run_if_worker();
    const std::uint64_t tasks = argc > 1 ? std::stoull(argv[1]) : 200'000;
    const std::uint64_t seed = argc > 2 ? std::stoull(argv[2]) : std::random_device()();
    const auto limit = std::chrono::seconds(argc > 3 ? std::stol(argv[3]) : argc > 1 ? 7'200 : 15);
    std::cout << "soak: " << tasks << " tasks, seed " << seed << '\n' << std::flush;
    std::thread([] {}).join(); // with the first thread a sanitizer starts one of its own
    const auto before = test::resources::now();
    const bool passed = soak(tasks, seed, clock::now() + limit).run();
    std::string left;
    const bool is_clean = test::eventually([&] { return (left = test::resources::now().more_than(before)).empty(); }, 3s);
    if (!is_clean)
        std::cout << "left behind:\n" << left;
    std::cout << (passed && is_clean ? "passed\n" : "FAILED\n");
    return passed && is_clean ? 0 : 1;
}
