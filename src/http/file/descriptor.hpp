#ifndef TANDEM_SRC_HTTP_FILE_DESCRIPTOR_HPP
#define TANDEM_SRC_HTTP_FILE_DESCRIPTOR_HPP

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

namespace tandem::http {

/// Throws a `failure` with `errno`: "cannot write /a/b".
[[noreturn]] void throw_errno(const char* what, const std::filesystem::path& path);

/// An open file's, closed at the end.
class descriptor
{
public:
    descriptor() = default;
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor();

    explicit operator bool() const noexcept { return number_ >= 0; }
    int get() const noexcept { return number_; }

    /// False, with `errno`, where a write that had been accepted has failed: network file systems may say so only here.
    bool close() noexcept;

private:
    int number_ = -1;
};

/// Closes a file that was written under `name`, and removes it where that shows that it is not there whole. Throws
/// `failure`.
void close_written(descriptor& file, const std::filesystem::path& name);

/// To the end of the file; `file_too_large` where there are more than `max` bytes.
std::string read_all(const descriptor& from, std::size_t max, boost::system::error_code& error);

/// All of it, from `offset` on. `path` is for the error. Throws `failure`.
void write_at(const descriptor& to, std::uint64_t offset, std::span<const char> bytes,
              const std::filesystem::path& path);

} // namespace tandem::http

#endif
