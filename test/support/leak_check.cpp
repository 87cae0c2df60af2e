#include <support/leak_check.hpp>
#include <support/process_state.hpp>
#include <support/sanitizer.hpp>
#include <support/waiting.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/test/unit_test.hpp>

#ifdef TANDEM_TEST_THREAD_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <sstream>
#include <utility>
#include <vector>

namespace test {
namespace {

namespace fs = std::filesystem;

std::set<std::string> open_descriptors()
{
    std::set<std::string> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd", ignored)) {
        const std::string target = fs::read_symlink(entry.path(), ignored).string();
        if (target.find("/proc/") != 0) // the iterator's own
            found.insert(entry.path().filename().string() + " -> " + target);
    }
    return found;
}

std::set<std::string> children_of_all_threads()
{
    std::set<std::string> found;
    std::error_code ignored;
    for (const auto& thread : fs::directory_iterator("/proc/self/task", ignored)) {
        std::ifstream in(thread.path() / "children");
        for (std::string pid; in >> pid;)
            if (std::string child = describe_process(pid); child.find("(llvm-symbolizer)") == std::string::npos)
                found.insert(std::move(child));
    }
    return found;
}

std::set<std::string> names_in(const char* folder, bool own_only)
{
    std::set<std::string> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        struct stat status
        {
        };
        if (!own_only || (::lstat(entry.path().c_str(), &status) == 0 && status.st_uid == ::geteuid()))
            found.insert(entry.path().filename().string());
    }
    return found;
}

std::set<std::string> mapped_memory_files()
{
    std::set<std::string> found;
    std::ifstream in("/proc/self/maps");
    for (std::string line; std::getline(in, line);)
        if (const auto name = line.find("/memfd:"); name != std::string::npos)
            found.insert(line.substr(0, line.find(' ')) + ' ' + line.substr(name));
    return found;
}

void add_difference(std::ostream& out, const char* what, const std::set<std::string>& now,
                    const std::set<std::string>& before)
{
    std::vector<std::string> more;
    std::ranges::set_difference(now, before, std::back_inserter(more));
    for (const std::string& one : more)
        out << "  " << what << ' ' << one << '\n';
}

// ThreadSanitizer starts it when it first looks whether a report is to be suppressed, and keeps it.
bool start_symbolizer()
{
#ifdef TANDEM_TEST_THREAD_SANITIZED
    char name[64];
    __sanitizer_symbolize_pc(__builtin_return_address(0), "%f", name, sizeof name);
#endif
    return true;
}

} // namespace

resources resources::now()
{
    static const bool has_symbolizer = start_symbolizer();
    static_cast<void>(has_symbolizer);
    return {open_descriptors(), children_of_all_threads(), names_in("/proc/self/task", false),
            names_in("/dev/shm", true), mapped_memory_files()};
}

std::string resources::more_than(const resources& before) const
{
    std::ostringstream out;
    add_difference(out, "descriptor", descriptors, before.descriptors);
    add_difference(out, "child", children, before.children);
    add_difference(out, "thread", threads, before.threads);
    add_difference(out, "shared memory", shared_memory, before.shared_memory);
    add_difference(out, "mapping", mappings, before.mappings);
    return out.str();
}

leak_check::leak_check()
{
    // What is posted to a future's handler runs on threads that Asio starts once and keeps; they are nobody's leak.
    static const bool started = [] {
        std::promise<void> done;
        boost::asio::post(boost::asio::system_executor(), [&done] { done.set_value(); });
        done.get_future().wait();
        return true;
    }();
    static_cast<void>(started);
    before_ = resources::now();
}

leak_check::~leak_check()
{
    std::string left;
    eventually(
        [&] {
            left = resources::now().more_than(before_);
            return left.empty();
        },
        std::chrono::milliseconds(3000));
    BOOST_CHECK_MESSAGE(left.empty(), "left behind:\n" << left);
}

} // namespace test
