#include "tandem_get/sandbox.hpp"

#include "tandem_get/the_authority.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <sstream>

#include <unistd.h>

namespace fs = std::filesystem;

namespace test {
namespace {

/// Of the tool and its libraries, with a few downloads at once: what a body or a header brings in must not add to it.
constexpr long most_memory = 64 * 1024; // KiB

std::string summary(const std::string& bytes)
{
    std::ostringstream out;
    out << bytes.size() << " bytes";
    if (!bytes.empty()) {
        out << " \"" << bytes.substr(0, 60) << (bytes.size() > 60 ? "...\"" : "\"");
    }
    return std::move(out).str();
}

bool is_for_a_terminal(char c)
{
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

} // namespace

sandbox::sandbox()
{
    static std::atomic<int> made{0};
    outer_ = fs::temp_directory_path() / ("tandem-get-" + std::to_string(::getpid()) + '-' + std::to_string(++made));
    fs::remove_all(outer_);
    root_ = outer_ / "seen";
    files_ = root_ / "one" / "two" / "files";
    folder_ = root_ / "one" / "two" / "here";
    own_ = outer_ / "own";
    for (const fs::path& one : {files_, folder_, own_}) {
        fs::create_directories(one);
    }
    ca_ = own_ / "ca.pem";
    the_authority().write(ca_);
}

sandbox::~sandbox()
{
    std::error_code ignored;
    fs::remove_all(outer_, ignored);
}

std::vector<std::string> sandbox::command(const std::vector<std::string>& arguments) const
{
    std::vector<std::string> result = {TANDEM_GET, "-d", files_.string(), "--cacert", ca_.string()};
    const auto unless_given = [&](const char* option, const char* value) {
        if (std::find(arguments.begin(), arguments.end(), option) == arguments.end()) {
            result.insert(result.end(), {option, value});
        }
    };
    unless_given("--retries", "0");
    unless_given("--connect-timeout", "20");
    unless_given("--idle-timeout", "20");
    result.insert(result.end(), arguments.begin(), arguments.end());
    return result;
}

surroundings sandbox::place() const
{
    return {.folder = folder_,
            .output = own_ / "tandem-get",
            .environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + own_.string()}};
}

ended sandbox::get(const std::vector<std::string>& arguments) const
{
    return process(command(arguments), place()).wait();
}

tree sandbox::there() const
{
    tree result;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root_)) {
        const fs::path& path = entry.path();
        std::string name = path.lexically_relative(files_).string();
        if (entry.is_symlink()) {
            result.emplace(name + " -> " + fs::read_symlink(path).string(), "");
        } else if (!entry.is_directory()) {
            result.emplace(name, read_file(path));
        } else if (path != folder_ && files_.string().compare(0, path.string().size(), path.string()) != 0) {
            result.emplace(name + '/', "");
        }
    }
    return result;
}

void sandbox::check_ended(const ended& seen, int status, const std::vector<std::string>& phrases) const
{
    BOOST_TEST_CONTEXT(seen)
    {
        BOOST_TEST(!seen.timed_out);
        BOOST_TEST(seen.signal == 0);
        BOOST_TEST(seen.status == status);
        BOOST_TEST((seen.err.find("Sanitizer") == seen.err.npos), "a sanitizer found something");
        for (const std::string& one : phrases) {
            BOOST_TEST((seen.err.find(one) != seen.err.npos), "stderr does not say \"" << one << '"');
        }
        BOOST_TEST(std::none_of(seen.err.begin(), seen.err.end(), is_for_a_terminal),
                   "stderr holds control characters");
        if (!sanitized) {
            BOOST_TEST(seen.max_rss <= most_memory);
        }
    }
}

void sandbox::check_there(const tree& expected) const
{
    const tree seen = there();
    for (const auto& [name, bytes] : expected) {
        const auto found = seen.find(name);
        if (found == seen.end()) {
            BOOST_ERROR("not there: " << name);
        } else if (bytes != anything) {
            BOOST_TEST((found->second == bytes),
                       name << " holds " << summary(found->second) << ", not " << summary(bytes));
        }
    }
    for (const auto& [name, bytes] : seen) {
        BOOST_TEST((expected.count(name) == 1), "there is a " << name << " with " << summary(bytes));
    }
}

} // namespace test
