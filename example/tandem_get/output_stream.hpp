#ifndef EXAMPLE_TANDEM_GET_OUTPUT_STREAM_HPP
#define EXAMPLE_TANDEM_GET_OUTPUT_STREAM_HPP

#include <filesystem>
#include <optional>
#include <string>

/// What --output names where it is written into, as curl and wget do, and not replaced: the standard output, a device, a
/// FIFO.
class output_stream
{
public:
    /// "-", "/dev/stdout", "/dev/fd/3", and names that lead to a device or a FIFO. Nothing for the name of a file, of a
    /// link to one, and of nothing at all. Throws std::system_error where it must not be written.
    static std::optional<output_stream> find(const std::filesystem::path& name);

    /// "-", "/dev/stdout", "/dev/fd/1".
    static bool names_standard_output(const std::string& name);

    /// For messages.
    const std::string& name() const { return name_; }

    bool is_standard_output() const;

    /// Writes all that `file` holds. Blocks, also until somebody reads the FIFO. Throws std::system_error.
    void copy(int file) const;

private:
    output_stream(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}

    std::string name_;
    int descriptor_; ///< that is open already; -1: it is to be opened
};

#endif
