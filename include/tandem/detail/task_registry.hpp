// The functions that this program can run for another process, by name.
#ifndef TANDEM_DETAIL_TASK_REGISTRY_HPP
#define TANDEM_DETAIL_TASK_REGISTRY_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tandem::detail {

/// One function. Has static storage duration; constructing it registers it.
class task_entry
{
public:
    /// Decodes the arguments, calls the function, appends the result's encoding. Throws what the function throws.
    using run_function = void (*)(std::span<const std::byte> arguments, std::vector<std::byte>& result);

    /// `mangled_name` lives for ever.
    task_entry(const char* mangled_name, run_function function) noexcept;
    task_entry(const task_entry&) = delete;
    task_entry& operator=(const task_entry&) = delete;

    const char* mangled_name() const noexcept { return name_; }

    /// The function's name as a reader knows it.
    std::string name() const;

    run_function run() const noexcept { return run_; }

    const task_entry* next() const noexcept { return next_; }

private:
    const char* name_;
    run_function run_;
    task_entry* next_;
};

/// All tasks that are registered now, sorted by mangled name.
/// Throws task_error with errc::duplicate_task where two of them have one name.
std::vector<const task_entry*> registered_tasks();

} // namespace tandem::detail

#endif
