#ifndef TANDEM_SRC_HTTP_FILE_RUNNING_CHECKSUM_HPP
#define TANDEM_SRC_HTTP_FILE_RUNNING_CHECKSUM_HPP

#include <tandem/http/checksum.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace tandem::http {

/// Computes a checksum as the bytes come.
class running_checksum
{
public:
    /// Throws `failure` (invalid_argument) where `expected` is none that checksum::parse could have made, and
    /// (operation_not_supported) where OpenSSL has been told not to offer that algorithm.
    explicit running_checksum(const checksum& expected);
    running_checksum(running_checksum&&) noexcept;
    running_checksum& operator=(running_checksum&&) noexcept;
    ~running_checksum();

    void update(std::span<const char> bytes);

    /// Hexadecimal, of all bytes up to now; may go on.
    std::string digest() const;
    bool matches() const;

private:
    struct state;

    checksum expected_;
    std::unique_ptr<state> state_;
};

} // namespace tandem::http

#endif
