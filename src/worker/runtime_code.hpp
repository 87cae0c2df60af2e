// Which functions of a stack trace are the C and C++ libraries'.
#ifndef TANDEM_WORKER_RUNTIME_CODE_HPP
#define TANDEM_WORKER_RUNTIME_CODE_HPP

#include <string_view>

namespace tandem::worker {

/// Whether the function that is `demangled` has a name that begins so. That of a template has its result before it.
bool is_named(std::string_view demangled, std::string_view begin) noexcept;

/// Whether a module is one of theirs, by its path. Safe in a signal handler.
bool is_runtime_module(std::string_view path) noexcept;

/// Whether a function is one of theirs wherever it is linked: on the way from a failure to its signal, such as abort() and
/// what a thrown exception that nobody catches calls; or below all of a program's, such as what starts a thread.
bool is_runtime_function(std::string_view name) noexcept;

/// Whether a function is made of a template of the standard library's, and of nothing that may be the program's.
bool is_library_template(std::string_view name) noexcept;

} // namespace tandem::worker

#endif
