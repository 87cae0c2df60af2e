#include "tandem_get/then_work.hpp"

#include "tandem_get/digest.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <optional>
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
    throw std::runtime_error(path + " could not be compressed: " + text);
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

/// What is in a gzip file: members, one behind the other (RFC 1952, section 2.2). Not by gzread(), to which what follows
/// the first one is none of it where it is damaged.
class gzip_members
{
public:
    using sink = std::function<void(byte_view)>;

    explicit gzip_members(const std::string& path) : path_(path)
    {
        constexpr int gzip_only = 16 + MAX_WBITS;
        if (inflateInit2(&stream_, gzip_only) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    gzip_members(const gzip_members&) = delete;
    gzip_members& operator=(const gzip_members&) = delete;
    ~gzip_members() { inflateEnd(&stream_); }

    void add(byte_view piece, const sink& use)
    {
        if (at_end_) {
            piece = take_padding(piece);
        }
        stream_.next_in = const_cast<Bytef*>(piece.data());
        stream_.avail_in = static_cast<uInt>(piece.size());
        while (stream_.avail_in != 0 || full_) {
            if (at_end_) {
                if (padded_) {
                    throw std::runtime_error(path_ + " has other data than zeros behind the end of its gzip data");
                }
                inflateReset(&stream_);
                first_ = false;
                at_end_ = false;
            }
            step(use);
            if (at_end_) {
                const byte_view rest = take_padding(byte_view(stream_.next_in, stream_.avail_in));
                stream_.next_in = const_cast<Bytef*>(rest.data());
                stream_.avail_in = static_cast<uInt>(rest.size());
            }
        }
    }

    void finish() const
    {
        if (!at_end_) {
            throw std::runtime_error(path_ + " is not complete gzip data");
        }
    }

private:
    /// Tapes have zeros up to the end of a block.
    byte_view take_padding(byte_view piece)
    {
        const auto end = std::find_if(piece.begin(), piece.end(), [](unsigned char byte) { return byte != 0; });
        padded_ = padded_ || end != piece.begin();
        return byte_view(end, piece.end());
    }

    void step(const sink& use)
    {
        stream_.next_out = buffer_.data();
        stream_.avail_out = static_cast<uInt>(buffer_.size());
        const int result = inflate(&stream_, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR) {
            throw std::bad_alloc();
        }
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            const std::string_view what = stream_.msg ? stream_.msg : "a preset dictionary is asked for";
            const bool none = what == "incorrect header check";
            throw std::runtime_error(path_ + (!none    ? " is not valid gzip data: " + std::string(what)
                                              : first_ ? " is not gzip data"
                                                       : " has other data behind the end of its gzip data"));
        }
        at_end_ = result == Z_STREAM_END;
        full_ = stream_.avail_out == 0 && !at_end_;
        use(byte_view(buffer_.data(), buffer_.size() - stream_.avail_out));
    }

    const std::string& path_;
    z_stream stream_{};
    std::array<unsigned char, 65536> buffer_;
    bool first_ = true;
    bool at_end_ = false; ///< of a member
    bool full_ = false;   ///< there may be more in the stream
    bool padded_ = false;
};

/// Where it is there already, and the rule has it stay.
std::optional<then_result> kept_file(const std::string& name, const file_rule& rule)
{
    std::error_code error;
    if (!rule.keep || !std::filesystem::is_regular_file(name, error)) {
        return std::nullopt;
    }
    return then_result{.file = name, .kept = true, .bytes = std::filesystem::file_size(name)};
}

} // namespace

then_result sha256_file(const std::string& path, const file_rule&)
{
    return {.digest = digest_of("sha256", path)};
}

then_result sha512_file(const std::string& path, const file_rule&)
{
    return {.digest = digest_of("sha512", path)};
}

then_result gunzip_file(const std::string& path, const file_rule& rule)
{
    if (!path.ends_with(gzip_extension) || path.ends_with("/.gz")) {
        throw std::runtime_error("the name of " + path + " does not end in .gz, so there is no name for what is in it");
    }
    const std::string name = path.substr(0, path.size() - gzip_extension.size());
    if (std::optional<then_result> kept = kept_file(name, rule)) {
        return *kept;
    }
    then_result made{.file = name};
    new_file target(made.file, rule);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(::fdopen(target.duplicate(), "wb"), std::fclose);
    gzip_members members(path);
    for_each_piece(path, [&](byte_view piece) {
        members.add(piece, [&](byte_view plain) {
            made.bytes += plain.size();
            if (std::fwrite(plain.data(), 1, plain.size(), out.get()) != plain.size()) {
                throw std::system_error(errno, std::generic_category(), made.file);
            }
        });
    });
    members.finish();
    if (std::fflush(out.get()) != 0) {
        throw std::system_error(errno, std::generic_category(), made.file);
    }
    target.finish();
    return made;
}

then_result gzip_file(const std::string& path, const file_rule& rule)
{
    const std::string name = path + std::string(gzip_extension);
    if (std::optional<then_result> kept = kept_file(name, rule)) {
        return *kept;
    }
    then_result made{.file = name};
    new_file target(made.file, rule);
    gzip_file_ptr out(gzdopen(target.duplicate(), "wb"));
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

then_result count_file(const std::string& path, const file_rule&)
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

then_result abort_on_file(const std::string&, const file_rule&)
{
    std::abort();
}
