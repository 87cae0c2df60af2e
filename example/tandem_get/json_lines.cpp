#include "tandem_get/json_lines.hpp"

#include "tandem_get/text.hpp"

#include <boost/json.hpp>

#include <cerrno>
#include <system_error>

namespace json = boost::json;

namespace {

int keep_open(std::FILE*)
{
    return 0;
}

} // namespace

json_lines::json_lines(const std::string& path)
    : file_(path == "-" ? stdout : std::fopen(path.c_str(), "we"), path == "-" ? keep_open : std::fclose)
{
    if (!file_) {
        throw std::system_error(errno, std::generic_category(), "--json " + path);
    }
}

void json_lines::write(const file_result& result)
{
    const tandem::http::download_report& report = result.report;
    json::object line;
    line["url"] = valid_utf8(result.url);
    if (report.path.empty()) {
        line["file"] = nullptr;
    } else { // also where it is there, and the work on it failed
        line["file"] = valid_utf8(report.path.lexically_normal().string());
    }
    line["status"] = result.failed && report.status == 0 ? result.failed->status : report.status;
    line["bytes"] = report.bytes;
    line["received"] = report.received;
    line["resumed_at"] = report.resumed_at;
    line["retries"] = result.retries;
    line["seconds"] = result.seconds;
    line["skipped"] = report.skipped;
    if (report.encoding) {
        line["encoding"] = valid_utf8(*report.encoding);
    } else {
        line["encoding"] = nullptr;
    }
    json::array warnings;
    for (const std::string& one : report.warnings) {
        warnings.emplace_back(valid_utf8(one));
    }
    line["warnings"] = std::move(warnings);
    if (result.failed) {
        line["error"] = json::object{{"code", result.failed->code}, {"message", valid_utf8(result.failed->message)}};
    } else {
        line["error"] = nullptr;
    }
    line["then"] = result.then;
    std::string text = escape_deceptive(json::serialize(line));
    text += '\n';
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) {
        error_ = errno;
    }
}

int json_lines::flush()
{
    if (std::fflush(file_.get()) != 0) {
        error_ = errno;
    }
    return error_;
}
