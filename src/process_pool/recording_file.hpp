// Where the environment asks for a recording of what a pool's scheduler is told: the file for it.
#ifndef TANDEM_PROCESS_POOL_RECORDING_FILE_HPP
#define TANDEM_PROCESS_POOL_RECORDING_FILE_HPP

#include <schedule/recorder.hpp>

namespace tandem::detail {

/// Holds the beginning of the files' names, to which the process's id and the pool's number in it are appended: workers
/// inherit it, and may have pools of their own.
inline constexpr const char* recording_variable = "TANDEM_RECORD";

/// Nothing where no recording is asked for, or the file cannot be made.
schedule::recording_sink recording_in_file();

} // namespace tandem::detail

#endif
