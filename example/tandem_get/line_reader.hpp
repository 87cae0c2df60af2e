#ifndef EXAMPLE_TANDEM_GET_LINE_READER_HPP
#define EXAMPLE_TANDEM_GET_LINE_READER_HPP

#include <cstddef>
#include <string>
#include <vector>

/// Reads the lines of a file, or of the standard input, some at a time: as many as there are, up to 64 KiB.
class line_reader
{
public:
    /// "-" is the standard input. Throws std::system_error where it cannot be opened.
    explicit line_reader(const std::string& path);
    line_reader(const line_reader&) = delete;
    line_reader& operator=(const line_reader&) = delete;
    ~line_reader();

    /// The next lines, without their ends and without a byte order mark before the first; none at the end, and after
    /// stop(). Waits until there is one. Throws std::system_error where reading fails, std::runtime_error for a line of
    /// more than 1 MiB, and for UTF-16.
    std::vector<std::string> read();

    /// Whether the end has been read: there are no more lines. Not while read() is called.
    bool ended() const { return ended_; }

    /// Has read() return, also one that is waiting. From any thread.
    void stop();

private:
    bool wait(int milliseconds);
    void take_lines(std::vector<std::string>& lines, std::size_t searched);
    std::size_t read_piece();

    const std::string path_;
    int file_;
    int stop_event_;
    bool ended_ = false;
    bool first_ = true; // no line has been read yet
    std::string rest_; // of a line whose end has not been read yet
};

#endif
