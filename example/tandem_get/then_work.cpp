#include "tandem_get/then_work.hpp"

#include "tandem_get/digest.hpp"
#include "tandem_get/new_file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <zlib.h>

namespace {

constexpr std::string_view gzip_extension = ".gz";

struct gzip_closer
{
    void operator()(gzFile file) const { gzclose(file); }
};
using gzip_file_ptr = std::unique_ptr<gzFile_s, gzip_closer>;

[[noreturn]] void throw_gzip_error(gzFile file, const std::string& path)
{
    int code = Z_OK;
    std::string text = gzerror(file, &code); // "PATH: what is wrong"
    if (code == Z_ERRNO) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    if (code == Z_BUF_ERROR) {
        throw std::runtime_error(path + " is not complete gzip data");
    }
    if (text.starts_with(path + ": ")) {
        text.erase(0, path.size() + 2);
    }
    throw std::runtime_error(path + " is not valid gzip data: " + text);
}

void close_gzip(gzip_file_ptr file, const std::string& path)
{
    const int closed = gzclose(file.release());
    if (closed == Z_ERRNO) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    if (closed != Z_OK) {
        throw std::runtime_error(path + " could not be compressed");
    }
}

} // namespace

then_result sha256_file(const std::string& path, bool)
{
    return {.digest = digest_of("sha256", path)};
}

then_result sha512_file(const std::string& path, bool)
{
    return {.digest = digest_of("sha512", path)};
}

then_result gunzip_file(const std::string& path, bool replace)
{
    if (!path.ends_with(gzip_extension) || path.ends_with("/.gz")) {
        throw std::runtime_error("the name of " + path + " does not end in .gz, so there is no name for what is in it");
    }
    then_result made{.file = path.substr(0, path.size() - gzip_extension.size())};

    const gzip_file_ptr in(gzopen(path.c_str(), "rbe"));
    if (!in) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    if (gzdirect(in.get())) { // zlib would copy it as it is
        throw std::runtime_error(path + " is not gzip data");
    }
    new_file target(made.file, replace);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(::fdopen(target.take_descriptor(), "wb"), std::fclose);
    std::array<char, 65536> piece;
    int size = 0;
    while ((size = gzread(in.get(), piece.data(), piece.size())) > 0) {
        made.bytes += static_cast<std::uint64_t>(size);
        if (std::fwrite(piece.data(), 1, static_cast<std::size_t>(size), out.get()) != static_cast<std::size_t>(size)) {
            throw std::system_error(errno, std::generic_category(), made.file);
        }
    }
    int code = Z_OK;
    gzerror(in.get(), &code);
    if (size < 0 || code != Z_OK) {
        throw_gzip_error(in.get(), path);
    }
    if (std::fflush(out.get()) != 0) {
        throw std::system_error(errno, std::generic_category(), made.file);
    }
    target.finish();
    return made;
}

then_result gzip_file(const std::string& path, bool replace)
{
    then_result made{.file = path + std::string(gzip_extension)};
    new_file target(made.file, replace);
    gzip_file_ptr out(gzdopen(target.take_descriptor(), "wb"));
    if (!out) {
        throw std::bad_alloc();
    }
    for_each_piece(path, [&](byte_view piece) {
        if (gzwrite(out.get(), piece.data(), static_cast<unsigned>(piece.size())) == 0) {
            throw_gzip_error(out.get(), made.file);
        }
    });
    close_gzip(std::move(out), made.file);
    target.finish();
    made.bytes = std::filesystem::file_size(made.file);
    return made;
}

then_result count_file(const std::string& path, bool)
{
    then_result counted;
    bool in_word = false;
    for_each_piece(path, [&](byte_view piece) {
        counted.bytes += piece.size();
        for (const unsigned char byte : piece) {
            const bool space = byte == ' ' || (byte >= '\t' && byte <= '\r');
            counted.lines += byte == '\n' ? 1 : 0;
            counted.words += !space && !in_word ? 1 : 0;
            in_word = !space;
        }
    });
    return counted;
}

then_result abort_on_file(const std::string&, bool)
{
    std::abort();
}
