#include <worker/runtime_code.hpp>

#include <algorithm>

namespace tandem::worker {

bool is_named(std::string_view demangled, std::string_view begin) noexcept
{
    constexpr std::string_view deduced = "decltype(auto) ";
    if (demangled.starts_with(deduced))
        demangled.remove_prefix(deduced.size());
    const std::string_view name = demangled.substr(0, demangled.find_first_of("(<"));
    return name.substr(name.rfind(' ') + 1).starts_with(begin);
}

bool is_runtime_module(std::string_view path) noexcept
{
    // Up to where the version begins.
    constexpr std::string_view modules[] = {"libc.so",      "libc-",       "libstdc++.so",  "libgcc_s.so", "libpthread.so",
                                            "libpthread-",  "libm.so",     "libm-",         "libc++.so",   "libc++abi.so",
                                            "libunwind.so", "libasan.so",  "libtsan.so",    "libubsan.so", "ld-linux",
                                            "ld-2",         "ld-musl",     "linux-vdso.so", "linux-gate.so"};
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return std::ranges::any_of(modules, [name](std::string_view module) { return name.starts_with(module); });
}

bool is_runtime_function(std::string_view name) noexcept
{
    constexpr std::string_view whole[] = {
        "__clang_call_terminate", "abort", "clone",         "clone3",         "execute_native_thread_routine",
        "gsignal",        "kill",          "malloc_printerr", "pthread_kill",
        "raise",          "start_thread",  "std::terminate()", "std::unexpected()",
        "_start",         "tgkill"};
    constexpr std::string_view beginnings[] = {
        "_Unwind_",       "__GI_",          "__assert_fail",  "__asan",       "__assert_perror_fail", "__chk_fail",
        "__cxa_",         "__cxxabiv1::",   "__fortify_fail", "__gnu_cxx::__verbose_terminate_handler",
        "__gxx_",         "__interceptor_", "__kill",         "__libc_",      "__lsan",               "__pthread_",
        "__sanitizer",    "__stack_chk_fail", "__tsan",       "__ubsan",      "std::__glibcxx_assert", "std::__replacement_assert",
        "std::__throw_"};
    return std::ranges::find(whole, name) != std::end(whole) ||
           std::ranges::any_of(beginnings, [name](std::string_view begin) { return name.starts_with(begin); });
}

bool is_library_template(std::string_view name) noexcept
{
    // The program's functions may be inlined in those that call them.
    constexpr std::string_view callers[] = {"lambda", "_M_invoke", "__invoke", "_M_run"};
    return is_named(name, "std::") &&
           std::ranges::none_of(callers, [name](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

} // namespace tandem::worker
