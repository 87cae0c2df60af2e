#include <simulate/exploration.hpp>

#include <simulate/heap.hpp>
#include <simulate/locks.hpp>

#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <iostream>
#include <new>
#include <system_error>
#include <utility>

namespace simulate {
namespace {

// A run takes a millisecond, with sanitizers some thirty times as long. The first is processor time, so that neither a busy
// machine nor who stops the program makes a fault; the second is for a run that waits.
constexpr unsigned longest_run = 20; // seconds
constexpr unsigned longest_wait = 600;

constexpr std::chrono::seconds longest_search{30};

trace& make_shared_trace()
{
    void* const memory = ::mmap(nullptr, sizeof(trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::system_error(errno, std::system_category(), "mmap");
    return *::new (memory) trace;
}

// Choices that are not given are the usual ones.
verdict without_usual_end(verdict v)
{
    while (!v.choices.empty() && v.choices.back() == 0)
        v.choices.pop_back();
    return v;
}

} // namespace

explorer::explorer(scenario what) : scenario_(std::move(what)), trace_(make_shared_trace()) {}

explorer::~explorer()
{
    ::munmap(&trace_, sizeof(trace));
}

// One run in this process.
void explorer::live(choices source)
{
    const itimerval limit{.it_interval = {}, .it_value = {.tv_sec = longest_run, .tv_usec = 0}};
    ::setitimer(ITIMER_PROF, &limit, nullptr);
    ::alarm(longest_wait);
    const auto attempt = [&](choices s) {
        std::string fault;
        {
            s.record(trace_);
            world w(std::move(s), trace_);
            try {
                scenario_.live(w);
            } catch (const std::exception& e) {
                fault = e.what();
            }
        }
        trace_.set_fault(fault);
    };
    const std::size_t before = heap::blocks();
    attempt(source);
    if (trace_.fault[0] == 0 && heap::blocks() != before) {
        // What is made once for the whole program is no leak: it does not come again.
        trace_.begin(trace_.seed);
        const std::size_t again = heap::blocks();
        attempt(source);
        if (trace_.fault[0] == 0 && heap::blocks() != again)
            trace_.set_fault(std::to_string(heap::blocks() - again) + " allocations are left: something leaks");
    }
    trace_.is_complete = true;
}

template <class Function>
void explorer::run_apart(noise stderr_noise, Function function)
{
    std::cout.flush();
    const pid_t child = ::fork();
    if (child < 0)
        throw std::system_error(errno, std::system_category(), "fork");
    if (child == 0) {
        if (stderr_noise == noise::hidden)
            ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        locks::tell(trace_);
        function();
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (trace_.is_complete || trace_.fault[0] != 0)
        return;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
        trace_.set_fault("it takes over " + std::to_string(longest_run) + " s");
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        trace_.set_fault("it waits for ever");
    else if (WIFSIGNALED(status))
        trace_.set_fault("it crashes with signal " + std::to_string(WTERMSIG(status)));
    else
        trace_.set_fault("it ends the program with " + std::to_string(WEXITSTATUS(status)));
}

verdict explorer::last_verdict() const
{
    return {.fault = trace_.fault.data(),
            .choices = {trace_.choices.data(), trace_.choices.data() + trace_.choice_count},
            .counts = {trace_.counts.data(), trace_.counts.data() + trace_.choice_count},
            .story = {trace_.story.data(), trace_.story_size},
            .seed = trace_.seed};
}

std::optional<verdict> explorer::run_seeds(std::uint64_t first, std::uint64_t count)
{
    run_apart(noise::shown, [&] {
        for (std::uint64_t seed = first; seed != first + count; ++seed) {
            trace_.begin(seed);
            live(choices(seed));
            if (trace_.fault[0] != 0)
                return;
        }
    });
    const verdict v = last_verdict();
    return v.fault.empty() ? std::nullopt : std::optional(v);
}

std::optional<verdict> explorer::run_all(std::size_t depth, std::uint64_t most, std::uint64_t& runs)
{
    run_apart(noise::shown, [&] {
        std::vector<std::uint32_t> next;
        for (std::uint64_t i = 0; i != most; ++i) {
            trace_.begin(i + 1);
            live(choices(next));
            if (trace_.fault[0] != 0)
                return;
            // The next in lexical order.
            std::size_t size = std::min<std::size_t>(depth, trace_.choice_count);
            while (size != 0 && trace_.choices[size - 1] + 1 == trace_.counts[size - 1])
                --size;
            if (size == 0)
                return;
            next.assign(trace_.choices.data(), trace_.choices.data() + size);
            ++next.back();
        }
    });
    const verdict v = last_verdict();
    runs = v.seed;
    return v.fault.empty() ? std::nullopt : std::optional(v);
}

verdict explorer::run(const std::vector<std::uint32_t>& given)
{
    trace_.begin(0);
    run_apart(noise::hidden, [&] { live(choices(given)); });
    return last_verdict();
}

verdict explorer::run_here(const std::vector<std::uint32_t>& given)
{
    trace_.begin(0);
    live(choices(given));
    return last_verdict();
}

verdict explorer::shrink(const verdict& faulty)
{
    verdict best = faulty;
    // In one process, which is quicker; but not where the fault, or another one on the way, ends the process.
    run_apart(noise::hidden, [&] {
        best = shrink_by(best, [this](const std::vector<std::uint32_t>& given) { return run_here(given); });
        run_here(best.choices);
    });
    if (trace_.is_complete && faulty.fault == trace_.fault.data())
        return without_usual_end(last_verdict());
    return shrink_by(faulty, [this](const std::vector<std::uint32_t>& given) { return run(given); });
}

template <class Run>
verdict explorer::shrink_by(const verdict& faulty, Run run_choices)
{
    verdict best = faulty;
    const auto end_of_search = std::chrono::steady_clock::now() + longest_search;
    const auto attempt = [&](const std::vector<std::uint32_t>& shorter) {
        if (std::chrono::steady_clock::now() > end_of_search)
            return false;
        verdict v = without_usual_end(run_choices(shorter));
        const auto is_less = [](const auto& a, const auto& b) {
            return a.size() != b.size() ? a.size() < b.size() : a < b;
        };
        if (v.fault != best.fault || !is_less(v.choices, best.choices))
            return false;
        best = std::move(v);
        return true;
    };
    bool goes_on = true;
    while (goes_on && std::chrono::steady_clock::now() < end_of_search) {
        goes_on = false;
        for (std::size_t size = best.choices.size(); size != 0; size /= 2) {
            for (std::size_t position = 0; position + size <= best.choices.size(); position += size) {
                const auto begin = static_cast<std::ptrdiff_t>(position);
                const auto end = static_cast<std::ptrdiff_t>(position + size);
                auto without = best.choices;
                without.erase(without.begin() + begin, without.begin() + end);
                goes_on = attempt(without) || goes_on;
                if (position + size > best.choices.size())
                    break;
                auto usual = best.choices;
                std::fill(usual.begin() + begin, usual.begin() + end, 0U);
                goes_on = attempt(usual) || goes_on;
            }
        }
    }
    return best;
}

} // namespace simulate
