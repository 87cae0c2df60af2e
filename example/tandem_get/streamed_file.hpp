#ifndef EXAMPLE_TANDEM_GET_STREAMED_FILE_HPP
#define EXAMPLE_TANDEM_GET_STREAMED_FILE_HPP

#include "tandem_get/output_stream.hpp"
#include "tandem_get/temporary_folder.hpp"

#include <tandem/http/download_list.hpp>

#include <filesystem>
#include <optional>

/// The file of an --output that is written into. It is complete before the first byte goes there, in a folder of its own
/// for temporary files; once it is open it needs no name.
class streamed_file
{
public:
    /// `to` outlives this. Throws std::system_error where the folder cannot be made.
    explicit streamed_file(const output_stream& to) : to_(to) { folder_.emplace(); }
    streamed_file(const streamed_file&) = delete;
    streamed_file& operator=(const streamed_file&) = delete;
    ~streamed_file();

    /// Where it is to be downloaded to, until take().
    const std::filesystem::path& folder() const { return folder_->path(); }

    /// It is there. Its name in the outcome's report becomes the stream's. Throws std::system_error.
    void take(tandem::http::list_outcome& outcome);

    /// Writes it, if it was taken. Blocks for as long as the reader does. Returns an errno; 0 where all is well.
    int deliver() const;

private:
    const output_stream& to_;
    std::optional<temporary_folder> folder_{};
    int descriptor_ = -1;
};

#endif
