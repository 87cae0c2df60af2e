#ifndef TANDEM_SRC_HTTP_FILE_UNNAMED_FILE_HPP
#define TANDEM_SRC_HTTP_FILE_UNNAMED_FILE_HPP

#include "http/file/descriptor.hpp"
#include "http/file/final_name.hpp"

#include <filesystem>
#include <optional>

namespace tandem::http {

/// A file that has no name until it is complete: nothing is left of it, however the program ends. For bodies that are
/// there within a moment, and are not worth going on with.
class unnamed_file final : public unnamed
{
public:
    /// In the folder of `target`. Nothing where the file system has no such files. Throws `failure`.
    static std::optional<unnamed_file> make(const std::filesystem::path& target);

    const descriptor& file() const noexcept { return file_; }

    naming try_name(const std::filesystem::path& name) override;
    void replace(const std::filesystem::path& name) override;

    /// With its name. Throws `failure`.
    void close(const std::filesystem::path& name);

private:
    explicit unnamed_file(descriptor file) noexcept : file_(std::move(file)) {}

    descriptor file_;
};

} // namespace tandem::http

#endif
