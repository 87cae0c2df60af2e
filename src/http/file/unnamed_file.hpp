#ifndef TANDEM_SRC_HTTP_FILE_UNNAMED_FILE_HPP
#define TANDEM_SRC_HTTP_FILE_UNNAMED_FILE_HPP

#include "http/file/descriptor.hpp"
#include "http/file/final_name.hpp"

#include <optional>
#include <string>
#include <utility>

namespace tandem::http {

/// A file that has no name until it is complete: nothing is left of it, however the program ends. For bodies that are
/// there within a moment, and are not worth going on with.
class unnamed_file final : public unnamed
{
public:
    /// In `folder`, which must outlive it. Nothing where that has no such files.
    static std::optional<unnamed_file> make(const open_folder& folder) noexcept;

    const descriptor& file() const noexcept override { return file_; }

    naming try_name(const std::string& name) override;
    bool replace(const std::string& name) override;

    /// With its name. Throws `failure`.
    void close(const std::string& name);

private:
    unnamed_file(const open_folder& folder, descriptor file) noexcept : folder_(&folder), file_(std::move(file)) {}

    const open_folder* folder_;
    descriptor file_;
};

} // namespace tandem::http

#endif
