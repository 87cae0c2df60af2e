#ifndef TANDEM_SRC_HTTP_FILE_DESCRIPTOR_HPP
#define TANDEM_SRC_HTTP_FILE_DESCRIPTOR_HPP

#include <descriptor.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace tandem::http {

/// Throws a `failure` with `errno`: "cannot write /a/b".
[[noreturn]] void throw_errno(const char* what, const std::filesystem::path& path);

/// To the end of the file; `file_too_large` where there are more than `max` bytes.
std::string read_all(const descriptor& from, std::size_t max, boost::system::error_code& error);

/// All of it, from `offset` on. `path` is for the error. Throws `failure`; a limit to the size of files (RLIMIT_FSIZE) is
/// no signal here.
void write_at(const descriptor& to, std::uint64_t offset, std::span<const char> bytes,
              const std::filesystem::path& path);

} // namespace tandem::http

#endif
