#ifndef EXAMPLE_TANDEM_GET_JSON_LINES_HPP
#define EXAMPLE_TANDEM_GET_JSON_LINES_HPP

#include "tandem_get/cause.hpp"

#include <tandem/http/download_list.hpp>

#include <boost/json/value.hpp>

#include <optional>
#include <string>

#include <unistd.h>

/// What became of one file.
struct file_result
{
    std::string url{};
    std::optional<cause> failed{}; ///< nothing where the file is there
    tandem::http::download_report report{};
    unsigned retries = 0;
    double seconds = 0;
    boost::json::value then{}; ///< null where there is none
};

/// Results as JSON, one object a line.
class json_lines
{
public:
    /// "-" is the standard output. Throws std::system_error where it cannot be written.
    explicit json_lines(const std::string& path);
    json_lines(const json_lines&) = delete;
    json_lines& operator=(const json_lines&) = delete;
    ~json_lines();

    void write(const file_result& result);

    /// What is written is there, for whoever reads along. Returns 0, or errno's value where that fails.
    int flush();

private:
    int descriptor_ = STDOUT_FILENO;
    int error_ = 0;
    std::string unwritten_;
};

#endif
