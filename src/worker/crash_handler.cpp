#include <worker/crash_handler.hpp>

#include <worker/alternate_stack.hpp>
#include <worker/bounded_text.hpp>
#include <worker/crash_progress.hpp>
#include <worker/crash_signals.hpp>
#include <worker/module_table.hpp>
#include <worker/own_thread.hpp>
#include <worker/runtime_code.hpp>
#include <worker/stack_limit.hpp>
#include <worker/stack_walk.hpp>
#include <worker/symbolise.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

namespace tandem::worker {
namespace {

using namespace std::chrono_literals;

// Names are looked up on a thread of their own, which may allocate and lock: what it needs may be what the crashed
// thread holds, so nobody waits longer than this for a thread that does nothing.
constexpr auto patience = 2s;
constexpr auto longest = 10 * patience; // of walking and of names, each five times as long on a busy machine

struct
{
    crash_record* record;
    pid_t process;
    module_table modules;
    stack_limit stack;
    stack_walk walk;
    crash_progress progress;
    int signal;
    bool is_damaged;
    bool has_helper;
    std::atomic<pid_t> helper;
    std::atomic<pid_t> crashed; // the first thread to crash
} state;

void set_default(int signal) noexcept
{
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
}

void mask(int how, int signal) noexcept
{
    const sigset_t set = set_of(std::array{signal});
    ::pthread_sigmask(how, &set, nullptr);
}

// To be followed by the handler's return: the signal ends the process then, where it came first, as it came first.
void end_on_return(int signal, siginfo_t* info) noexcept
{
    set_default(signal);
    mask(SIG_BLOCK, signal);
    if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::gettid(), signal, info) != 0)
        ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal);
}

void end_here(int signal) noexcept
{
    set_default(signal);
    mask(SIG_UNBLOCK, signal);
    ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal);
}

void report() noexcept
{
    static char buffer[sizeof state.record->raw];
    bounded_text text{buffer};
    auto frames = state.walk.frames();
    const auto is_runtime = [](std::uintptr_t address) { return is_runtime_module(state.modules.find(address).path); };
    if (const auto own = std::ranges::find_if_not(frames, is_runtime); own != frames.end())
        frames = {own, frames.end()};
    for (std::size_t i = 0; i != frames.size(); ++i) {
        text.add("#").add_decimal(i).add(" 0x").add_hexadecimal(frames[i]);
        if (const auto place = state.modules.find(frames[i]); !place.path.empty())
            text.add(" ").add(place.path).add("+0x").add_hexadecimal(place.offset);
        text.end_line();
    }
    put_raw_trace(*state.record, text.lines());
    state.progress.reach(crash_stage::walked);
    if (state.has_helper)
        state.progress.wait_for(crash_stage::symbolised, state.helper, patience);
}

void first_crash(int signal, siginfo_t* info, void* context) noexcept
{
    state.signal = signal;
    state.record->stack_overflow = state.stack.is_overflow(*info, stack_pointer(context));
    std::atomic_ref(state.record->signal).store(static_cast<std::uint32_t>(signal), std::memory_order_release);
    state.progress.reach(crash_stage::walking);
    state.walk.run(*info, context);
    report();
    end_on_return(signal, info);
}

extern "C" void tandem_on_crash(int signal, siginfo_t* info, void* context)
{
    if (::getpid() != state.process) { // a fork of the worker: not the worker's crash
        end_on_return(signal, info);
        return;
    }
    const pid_t self = ::gettid();
    pid_t first = 0;
    if (self == state.helper) {
        state.progress.reach(crash_stage::symbolised); // not possible: the crashed thread goes on, and ends the process
        for (;;)
            ::pause();
    } else if (state.crashed.compare_exchange_strong(first, self)) {
        first_crash(signal, info, context);
    } else if (first == self) { // the stack cannot be walked to its end: it is damaged
        if (!std::exchange(state.is_damaged, true) && !state.progress.has_reached(crash_stage::walked))
            report();
        end_here(state.signal);
    } else { // the first one's crash ends the process
        state.progress.wait_for(crash_stage::never, longest);
        end_on_return(signal, info);
    }
}

// Sees also to it that the process ends where the crashed thread gets stuck in walking its stack.
void help() noexcept
{
    state.helper = ::gettid();
    state.progress.wait(crash_stage::walking);
    if (!state.progress.wait_for(crash_stage::walked, state.crashed, patience))
        end_here(state.signal);
    const sigset_t faults = set_of(fault_signals);
    ::pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
    try {
        put_symbolised_trace(*state.record, symbolise(state.walk.frames(), sizeof state.record->text));
    } catch (const std::exception&) { // the raw trace has to do
    }
    state.progress.reach(crash_stage::symbolised);
    state.progress.wait_for(crash_stage::never, patience);
    end_here(state.signal);
}

bool start_helper() noexcept
{
    try {
        start_own_thread(help);
        return true;
    } catch (const std::exception&) { // no thread to be had
        return false;
    }
}

} // namespace

void install_crash_handler(crash_record& record) noexcept
{
    state.record = &record;
    state.process = ::getpid();
    state.modules.load();
    state.stack = stack_limit::of_main_thread();
    state.walk.warm_up();
    state.has_helper = start_helper();

    struct sigaction action = {};
    action.sa_sigaction = tandem_on_crash;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | (use_alternate_stack() ? SA_ONSTACK : 0);
    ::sigfillset(&action.sa_mask);         // the program's other handlers wait
    for (const int signal : fault_signals) // but a fault in this one is to be seen
        ::sigdelset(&action.sa_mask, signal);
    for (const int signal : crash_signals) {
        struct sigaction before = {};
        ::sigaction(signal, nullptr, &before);
        if (!(before.sa_flags & SA_SIGINFO) && before.sa_handler == SIG_DFL)
            ::sigaction(signal, &action, nullptr);
    }
}

} // namespace tandem::worker
