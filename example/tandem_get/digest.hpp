#ifndef EXAMPLE_TANDEM_GET_DIGEST_HPP
#define EXAMPLE_TANDEM_GET_DIGEST_HPP

#include <functional>
#include <memory>
#include <span>
#include <string>

using byte_view = std::span<const unsigned char>;

/// Reads a file from its beginning to its end. Throws std::system_error.
void for_each_piece(const std::string& path, const std::function<void(byte_view)>& use);

/// A digest of bytes that come in pieces. Throws std::runtime_error where OpenSSL fails, or knows none of that name.
class digester
{
public:
    /// "sha256", "sha512".
    explicit digester(const char* algorithm);

    void add(byte_view piece);

    /// In hexadecimal. Once, after the last piece.
    std::string finish();

private:
    struct context;
    std::shared_ptr<context> context_;
};

/// Of a whole file.
std::string digest_of(const char* algorithm, const std::string& path);

#endif
