#include <worker/stack_walk.hpp>

#include <ucontext.h>
#include <unwind.h>

namespace tandem::worker {
namespace {

struct registers
{
    std::uintptr_t instruction = 0;
    std::uintptr_t stack = 0;
};

#if defined(__x86_64__)

registers get(const ucontext_t& c) noexcept
{
    const auto& r = c.uc_mcontext.gregs;
    return {static_cast<std::uintptr_t>(r[REG_RIP]), static_cast<std::uintptr_t>(r[REG_RSP])};
}

void set(ucontext_t& c, const registers& to) noexcept
{
    c.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(to.instruction);
    c.uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(to.stack);
}

registers caller(const ucontext_t&, const registers& callee) noexcept
{
    return {*reinterpret_cast<const std::uintptr_t*>(callee.stack), callee.stack + sizeof(std::uintptr_t)};
}

#elif defined(__aarch64__)

registers get(const ucontext_t& c) noexcept
{
    return {c.uc_mcontext.pc, c.uc_mcontext.sp};
}

void set(ucontext_t& c, const registers& to) noexcept
{
    c.uc_mcontext.pc = to.instruction;
    c.uc_mcontext.sp = to.stack;
}

registers caller(const ucontext_t& c, const registers& callee) noexcept
{
    return {c.uc_mcontext.regs[30], callee.stack};
}

#else // the unwinder alone has to know where the signal came

registers get(const ucontext_t&) noexcept
{
    return {};
}

void set(ucontext_t&, const registers&) noexcept {}

registers caller(const ucontext_t&, const registers& callee) noexcept
{
    return callee;
}

#endif

} // namespace

std::uintptr_t stack_pointer(const void* context) noexcept
{
    return get(*static_cast<const ucontext_t*>(context)).stack;
}

struct stack_walk::visitor
{
    stack_walk& walk;
    std::uintptr_t start; // frames before this one are the handler's
    bool is_called;       // start is a return address
    bool started = false;

    static _Unwind_Reason_Code visit(_Unwind_Context* context, void* self)
    {
        return static_cast<visitor*>(self)->visit(context) ? _URC_NO_REASON : _URC_END_OF_STACK;
    }

    bool visit(_Unwind_Context* context) noexcept
    {
        int is_interrupted = 0; // else a return address: the call is before it
        const std::uintptr_t address = _Unwind_GetIPInfo(context, &is_interrupted);
        if (!started && (start != 0 ? address == start : is_interrupted != 0)) {
            started = true;
            if (!is_called && walk.size_ != 0)
                return true;
            is_interrupted = !is_called;
        }
        if (started && address != 0)
            walk.add(is_interrupted ? address : address - 1);
        return address != 0 && walk.size_ != walk.frames_.size();
    }
};

void stack_walk::warm_up() noexcept
{
    visitor v{*this, 1, false};
    _Unwind_Backtrace(visitor::visit, &v);
}

void stack_walk::run(const siginfo_t& info, void* context) noexcept
{
    auto& c = *static_cast<ucontext_t*>(context);
    const registers before = get(c);
    if (before.instruction != 0 || before.stack != 0)
        add(before.instruction);
    // A call to where no code is: no unwinder knows a way from there, but the call left its return address.
    const bool is_called = info.si_signo == SIGSEGV && info.si_code > 0 && before.stack != 0 &&
                           reinterpret_cast<std::uintptr_t>(info.si_addr) == before.instruction;
    const registers start = is_called ? caller(c, before) : before;
    set(c, start);
    visitor v{*this, start.instruction, is_called};
    _Unwind_Backtrace(visitor::visit, &v);
    set(c, before);
}

void stack_walk::add(std::uintptr_t address) noexcept
{
    const std::size_t size = size_.load(std::memory_order_relaxed);
    frames_[size] = address;
    size_.store(size + 1, std::memory_order_release);
}

} // namespace tandem::worker
