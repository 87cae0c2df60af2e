#include <support/gate.hpp>
#include <support/tasks.hpp>
#include <support/troubled.hpp>
#include <support/waiting.hpp>

#include <tandem/this_task.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace test {

int add(int a, int b)
{
    return a + b;
}

std::string greet(std::string name)
{
    return "hello " + name;
}

std::string repeat(char c, std::size_t times)
{
    return std::string(times, c);
}

void nothing() {}

int take_troubled(troubled)
{
    return 1;
}

troubled make_troubled(troubled::moment when)
{
    return troubled(when);
}

std::unique_ptr<int> boxed(int value)
{
    return std::make_unique<int>(value);
}

int process_id()
{
    return ::getpid();
}

int throw_invalid(std::string text)
{
    throw std::invalid_argument(text);
}

void throw_out_of_range()
{
    throw std::out_of_range("far out");
}

void throw_system_error()
{
    throw std::system_error(std::make_error_code(std::errc::no_such_file_or_directory), "looking");
}

void throw_own()
{
    throw own_error();
}

void announce_task(const std::string& gate_path)
{
    announce(gate_path);
}

namespace {

int wait_at(const std::string& gate_path, bool stubborn)
{
    announce(gate_path);
    bool asked = false;
    const bool opened = eventually([&] {
        asked = !stubborn && tandem::this_task::stop_requested();
        return asked || std::filesystem::exists(gate_path + "/open");
    });
    return asked ? asked_to_stop : opened ? gate_opened : gave_up;
}

} // namespace

int hold(const std::string& gate_path)
{
    return wait_at(gate_path, false);
}

int hold_stubbornly(const std::string& gate_path)
{
    return wait_at(gate_path, true);
}

int die(const std::string& how)
{
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (how == "exit")
        std::exit(7);
    if (how == "abort")
        std::abort();
    ::kill(::getpid(), how == "segv" ? SIGSEGV : SIGKILL);
    for (;;)
        ::pause();
}

} // namespace test
