#include "tandem_get/json_lines.hpp"

#include "tandem_get/text.hpp"
#include "tandem_get/writing.hpp"

#include <boost/json.hpp>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace json = boost::json;

namespace {

constexpr std::size_t much = 64 * 1024; // to be written at once

} // namespace

json_lines::json_lines(const std::string& path)
{
    if (path == "-") {
        require_writable(descriptor_, "the standard output");
        return;
    }
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (descriptor_ < 0) {
        throw std::system_error(errno, std::generic_category(), "--json " + path);
    }
}

json_lines::~json_lines()
{
    flush();
    if (descriptor_ != STDOUT_FILENO) {
        ::close(descriptor_);
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
    if (report.url.empty() || (report.skipped && report.status == 0)) {
        line["from"] = nullptr;
    } else { // after redirects, perhaps of a mirror
        line["from"] = valid_utf8(without_login(report.url));
    }
    line["status"] = result.failed && report.status == 0 ? result.failed->status : report.status;
    line["bytes"] = report.bytes;
    line["received"] = report.received;
    line["resumed_at"] = report.resumed_at;
    line["retries"] = result.retries;
    line["seconds"] = result.seconds;
    line["skipped"] = report.skipped;
    line["replaced"] = report.replaced;
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
    unwritten_ += escape_deceptive(json::serialize(line)) + '\n';
    if (unwritten_.size() >= much) {
        flush();
    }
}

int json_lines::flush()
{
    const std::string text = std::exchange(unwritten_, {});
    if (error_ == 0) {
        error_ = write_whole(descriptor_, text);
    }
    return error_;
}
