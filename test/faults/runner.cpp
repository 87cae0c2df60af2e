#include <faults/runner.hpp>

#include <support/leak_check.hpp>
#include <support/process_state.hpp>
#include <support/waiting.hpp>

#include <execinfo.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>
#include <utility>

namespace faults {
namespace {

namespace fs = std::filesystem;

std::atomic<bool> failed{false};
std::atomic<bool> to_supervisor{false};

// One line, one write: steps come from any thread.
void say(const std::string& kind, std::string text)
{
    for (char& c : text)
        if (c == '\n')
            c = '\t';
    text = kind + ' ' + text + '\n';
    [[maybe_unused]] const auto size = ::write(to_supervisor ? STDOUT_FILENO : STDERR_FILENO, text.data(), text.size());
}

// Asked by the supervisor where the cell hangs: each thread says where it is.
void print_stack(int)
{
    void* frames[64];
    const int count = ::backtrace(frames, 64);
    static constexpr char title[] = "--- a thread is at\n";
    [[maybe_unused]] const auto size = ::write(STDERR_FILENO, title, sizeof title - 1);
    ::backtrace_symbols_fd(frames, count, STDERR_FILENO);
}

std::vector<std::string> processes()
{
    std::vector<std::string> pids;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored))
        if (std::string name = entry.path().filename().string(); name.find_first_not_of("0123456789") == std::string::npos)
            pids.push_back(std::move(name));
    return pids;
}

void run(const cell& c)
{
    failed = false;
    const auto begin = std::chrono::steady_clock::now();
    const auto before = test::resources::now();
    try {
        c.run();
        step("looking for what is left behind");
        std::string left;
        const auto nothing_left = [&] {
            left = test::resources::now().more_than(before);
            for (const std::string& process : left_behind())
                left += "  process " + process + '\n';
            return left.empty();
        };
        const bool is_clean = test::eventually(nothing_left, std::chrono::seconds(3));
        expect(is_clean, "left behind:\n" + left);
    } catch (const skipped& s) {
        say("skip", s.why);
    } catch (const std::exception& e) {
        wrong(std::string("the cell threw ") + e.what());
    } catch (...) {
        wrong("the cell threw what is no exception");
    }
    const auto time = std::chrono::steady_clock::now() - begin;
    say("done", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
}

void prepare()
{
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    void* frames[1];
    ::backtrace(frames, 1); // loads what it needs, so that the handler does not
    std::thread([] {}).join(); // with the first thread, ThreadSanitizer starts one of its own
    struct sigaction action = {};
    action.sa_handler = print_stack;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &action, nullptr);
}

} // namespace

std::string file_text(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::string text, part(4096, '\0');
    while (in.read(part.data(), static_cast<std::streamsize>(part.size())) || in.gcount() > 0)
        text.append(part, 0, static_cast<std::size_t>(in.gcount()));
    return text;
}

void step(const std::string& what)
{
    say("step", what);
}

void wrong(const std::string& what)
{
    failed = true;
    say("wrong", what);
}

int serve_cells(const suite& all)
{
    to_supervisor = true;
    prepare();
    for (std::size_t number = 0; std::cin >> number;)
        run(all.at(number));
    return 0;
}

bool run_here(const cell& c)
{
    // The same mark as the supervisor gives, for left_behind().
    ::setenv("TANDEM_FAULTS_RUNNER", std::to_string(::getpid()).c_str(), 1);
    prepare();
    run(c);
    return !failed;
}

std::vector<std::string> left_behind()
{
    // Whatever a worker starts inherits the environment, also what leaves its process group and its session.
    std::vector<std::string> found;
    const char* mark = std::getenv("TANDEM_FAULTS_RUNNER");
    if (!mark)
        return found;
    const std::string wanted = std::string("TANDEM_FAULTS_RUNNER=") + mark + '\0';
    for (const std::string& pid : processes())
        if (pid != std::to_string(::getpid()) &&
            file_text("/proc/" + pid + "/environ").find(wanted) != std::string::npos)
            found.push_back(test::describe_process(pid));
    return found;
}

std::size_t live_children()
{
    std::size_t count = 0;
    for (const std::string& pid : processes()) {
        const test::process_state state = test::state_of(pid);
        count += state.parent == ::getpid() && !state.has_ended();
    }
    return count;
}

} // namespace faults
