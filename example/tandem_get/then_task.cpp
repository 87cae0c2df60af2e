#include "tandem_get/then_task.hpp"

#include "tandem_get/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

template <auto Function>
boost::asio::awaitable<then_result> in_a_process(tandem::process_pool& cpu, std::string path, file_rule rule)
{
    const auto work = tandem::task<Function>(std::move(path), rule);
    co_return co_await cpu.async_run(work);
}

/// As sha256sum(1) prints it, and checks it with --check.
std::string digest_line(const fs::path& path, const then_result& result)
{
    std::string name;
    bool escaped = false;
    for (const char character : path.string()) {
        const bool special = character == '\\' || character == '\n';
        escaped = escaped || special;
        name += special ? (character == '\n' ? "\\n" : "\\\\") : std::string(1, character);
    }
    return (escaped ? "\\" : "") + result.digest + "  " + name;
}

json::value digest_json(const then_result& result)
{
    return json::object{{"digest", result.digest}};
}

std::string made_line(const fs::path&, const then_result& result)
{
    return result.file;
}

json::value made_json(const then_result& result)
{
    return json::object{{"file", valid_utf8(result.file)}, {"bytes", result.bytes}, {"skipped", result.kept}};
}

std::string count_line(const fs::path& path, const then_result& result)
{
    std::string line;
    for (const std::uint64_t count : {result.lines, result.words, result.bytes}) {
        line += (line.empty() ? "" : " ") + right_aligned(std::to_string(count), 7);
    }
    return line + ' ' + path.string();
}

json::value count_json(const then_result& result)
{
    return json::object{{"lines", result.lines}, {"words", result.words}, {"bytes", result.bytes}};
}

constexpr std::array tasks{
    then_task{"sha256", "prints its SHA-256, as sha256sum does", &in_a_process<sha256_file>, digest_line, digest_json},
    then_task{"sha512", "prints its SHA-512, as sha512sum does", &in_a_process<sha512_file>, digest_line, digest_json},
    then_task{"gunzip", "makes NAME of NAME.gz, which stays", &in_a_process<gunzip_file>, made_line, made_json},
    then_task{"gzip", "makes NAME.gz of NAME, which stays", &in_a_process<gzip_file>, made_line, made_json},
    then_task{"wc", "prints its lines, words and bytes", &in_a_process<count_file>, count_line, count_json},
    then_task{"abort", "crashes: for trying out what a crash does", &in_a_process<abort_on_file>, made_line, made_json},
};

} // namespace

const then_task* find_then_task(std::string_view name)
{
    const auto found = std::find_if(tasks.begin(), tasks.end(), [&](const then_task& one) { return one.name == name; });
    return found == tasks.end() ? nullptr : found;
}

std::string then_tasks_help()
{
    std::string result;
    for (const then_task& one : tasks) {
        result += "  " + padded(std::string(one.name), 8) + std::string(one.help) + '\n';
    }
    return result;
}

std::string then_task_names()
{
    std::string result;
    for (const then_task& one : tasks) {
        result += (result.empty() ? "" : ", ") + std::string(one.name);
    }
    return result;
}
