#ifndef EXAMPLE_TANDEM_GET_WRITING_HPP
#define EXAMPLE_TANDEM_GET_WRITING_HPP

#include <string>
#include <string_view>

/// Throws std::system_error, EBADF, where a descriptor is not open, or not for writing. `name` is for the message.
void require_writable(int descriptor, const std::string& name);

/// Writes all of it; waits for room where the descriptor is non-blocking, which whoever shares it decides. Returns an
/// errno; 0 where all is written.
int write_whole(int descriptor, std::string_view text);

#endif
