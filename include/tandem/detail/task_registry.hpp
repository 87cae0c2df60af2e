// The functions that this program can run for another process, by name.
#ifndef TANDEM_DETAIL_TASK_REGISTRY_HPP
#define TANDEM_DETAIL_TASK_REGISTRY_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tandem::detail {

class large_reader;
class large_writer;

/// One function. Has static storage duration; constructing it registers it.
class task_entry
{
public:
    /// Decodes the arguments, calls the function, appends the result's encoding. Throws what the function throws.
    /// The large runs of both are in the message where there is nothing else for them.
    using run_function = void (*)(std::span<const std::byte> arguments, large_reader* large_arguments,
                                  std::vector<std::byte>& result, large_writer* large_result);

    /// `mangled_name` lives for ever.
    task_entry(const char* mangled_name, run_function function) noexcept;
    task_entry(const task_entry&) = delete;
    task_entry& operator=(const task_entry&) = delete;

    const char* mangled_name() const noexcept { return name_; }

    /// The function's name as a reader knows it.
    std::string name() const;

    void run(std::span<const std::byte> arguments, large_reader* large_arguments, std::vector<std::byte>& result,
             large_writer* large_result) const
    {
        run_(arguments, large_arguments, result, large_result);
    }

    void run(std::span<const std::byte> arguments, std::vector<std::byte>& result) const
    {
        run_(arguments, nullptr, result, nullptr);
    }

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
