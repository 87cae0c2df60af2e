#ifndef TANDEM_SRC_HTTP_FILE_DESCRIPTOR_HPP
#define TANDEM_SRC_HTTP_FILE_DESCRIPTOR_HPP

#include <descriptor.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <filesystem>
#include <string>

namespace tandem::http {

/// Throws a `failure` with `errno`: "cannot write /a/b".
[[noreturn]] void throw_errno(const char* what, const std::filesystem::path& path);

/// To the end of the file; `file_too_large` where there are more than `max` bytes.
std::string read_all(const descriptor& from, std::size_t max, boost::system::error_code& error);

} // namespace tandem::http

#endif
