// What pool and worker say to each other first.
#ifndef TANDEM_CHANNEL_HELLO_HPP
#define TANDEM_CHANNEL_HELLO_HPP

#include <tandem/worker_limits.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tandem::channel {

/// Payload of frame_kind::hello.
struct hello
{
    std::int32_t pid = 0;
    std::vector<std::string> tasks; ///< mangled names; a task frame gives the position in this list
};

/// Payload of frame_kind::settings.
struct worker_settings
{
    std::uint64_t max_message_size = 0;    ///< the largest payload either side may send, in bytes
    bool reports_memory = false;           ///< whether the resident memory is wanted after each task
    bool marks_output = false;             ///< whether it is wanted what of the log is which task's
    bool has_initializer = false;          ///< whether frame_kind::initialize follows
    bool reports_ready = false;            ///< whether frame_kind::ready, or a failure, is wanted
    std::uint64_t argument_memory = 0;     ///< the size of the memory for large arguments, in bytes; 0 where there is none
    std::uint64_t result_memory = 0;       ///< the same for large results
    worker_limits limits{};
};

/// How long the pool thinks that a call takes.
enum class call_length : std::uint8_t
{
    brief = 2,        ///< less than to look at a clock a few times: not each call is measured
    usual = 0,
    perhaps_long = 1, ///< what was done before is to be told before it begins
};

/// How long a worker that runs tasks may keep what it has done to itself.
inline constexpr std::chrono::microseconds longest_untold{100};

/// The same where further tasks wait, that no worker has yet: to tell takes a processor from a worker, so it is done for several.
inline constexpr std::chrono::microseconds longest_untold_among_many{500};

using untold_units = std::chrono::duration<std::uint32_t, std::ratio<1, 100'000>>; // of 10 us

/// At the head of the payload of frame_kind::task and initialize; the arguments follow.
struct task_call
{
    std::uint32_t position = 0; ///< in hello::tasks
    std::uint16_t slot = 0;     ///< of the task in the status page
    call_length length = call_length::usual;
    std::uint8_t untold = 0; ///< how long what was done may be kept when this ends, in untold_units, or longest_untold
    std::int64_t run_timeout = 0; ///< in nanoseconds from the start; 0 for none
};
static_assert(sizeof(task_call) == 16);

/// A call that takes less is brief. As many of them as are not measured take less than longest_untold.
inline constexpr std::chrono::microseconds longest_brief{2};
inline constexpr unsigned most_unmeasured = 8;

} // namespace tandem::channel

#endif
