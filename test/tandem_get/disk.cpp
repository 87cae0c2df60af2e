// What stands in the way on the disk. The servers are well-behaved.
#include "support/preconditions.hpp"
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <memory>
#include <ostream>
#include <thread>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace test;
using namespace std::chrono_literals;

namespace {

const std::string bytes = noise(4'000'000);

/// Serves `bytes` under every path, with ranges, as nobody could find fault with; `pause` after each piece of 64 KiB.
scripted_server::script serve(std::chrono::microseconds pause = 0us, std::atomic<int>* parts = nullptr)
{
    return [=](peer& client) {
        for (std::string request; !(request = client.read_request()).empty();) {
            const std::size_t at = request.find("\r\nRange: bytes=");
            const std::size_t from = at == request.npos ? 0 : std::stoul(request.substr(at + 15));
            const std::string fields =
                "ETag: \"one\"\r\nContent-Length: " + std::to_string(bytes.size() - from) + "\r\n";
            const std::string range = "Content-Range: bytes " + std::to_string(from) + '-' +
                                      std::to_string(bytes.size() - 1) + '/' + std::to_string(bytes.size()) + "\r\n";
            if (from != 0 && parts) {
                ++*parts;
            }
            bool open = client.send(from == 0 ? answer(fields, "")
                                              : "HTTP/1.1 206 Partial Content\r\n" + range + fields + "\r\n");
            for (std::size_t i = from; open && i < bytes.size(); i += 65'536) {
                open = client.send(std::string_view(bytes).substr(i, 65'536));
                std::this_thread::sleep_for(pause);
            }
            if (!open) {
                return;
            }
        }
    };
}

struct fixture
{
    std::string url(const std::string& path = "/file") const { return server.url(path); }
    fs::path file(const std::string& name = "file") const { return box.files() / name; }

    sandbox box{};
    scripted_server server{serve()};
};

/// Runs `script` where it may mount, with "$@" as tandem-get and its options, and $0 as the sandbox's folder of its
/// own.
ended in_own_mounts(const sandbox& box, const std::string& script, const std::vector<std::string>& arguments)
{
    std::vector<std::string> command = {"unshare", "--user", "--map-root-user", "--mount", "sh",
                                        "-c",      script,   box.own().string()};
    const std::vector<std::string> tool = box.command(arguments);
    command.insert(command.end(), tool.begin(), tool.end());
    return process(command, box.place()).wait();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(disk, fixture)

// A disk of 2 MiB for a file of 4 MB; then room is made, and it goes on from there.
BOOST_AUTO_TEST_CASE(full, *mounts())
{
    const std::string script = "set -e; mount -t tmpfs -o size=8m none " + box.files().string() +
                               R"(
        cd ")" + box.files().string() +
                               R"("
        head -c 6000000 /dev/zero >filler
        status=0; "$@" || status=$?
        echo "status $status"; ls -A | tr '\n' ' '; echo
        cp file.part "$0/part" || true
        rm filler
        status=0; "$@" || status=$?
        echo "status $status"; ls -A | tr '\n' ' '; echo
        cp file "$0/file")";
    const ended seen = in_own_mounts(box, script, {url()});
    BOOST_TEST_CONTEXT(seen)
    {
        BOOST_TEST(seen.status == 0);
        BOOST_TEST((seen.out.find("status 3\nfile.part file.part.from filler \n") != seen.out.npos));
        BOOST_TEST((seen.out.find("status 0\nfile \n") != seen.out.npos));
        BOOST_TEST((seen.err.find(url()) != seen.err.npos));
        BOOST_TEST((seen.err.find("No space left on device") != seen.err.npos));
    }
    const std::string part = read_file(box.own() / "part");
    BOOST_TEST(part.size() > 0u);
    BOOST_TEST((bytes.starts_with(part)));
    BOOST_TEST((read_file(box.own() / "file") == bytes));
}

// Every further file would meet the same: nothing more is asked for, and what is complete stays.
BOOST_AUTO_TEST_CASE(full_in_the_middle_of_a_list, *mounts())
{
    std::string list;
    for (int i = 0; i != 200; ++i) {
        list += url("/" + std::to_string(i)) + '\n';
    }
    write_file(box.own() / "list", list);
    const std::string script = "mount -t tmpfs -o size=10m none " + box.files().string() + R"(
        status=0; "$@" || status=$?
        cp -a ")" + box.files().string() +
                               R"(/." "$0/copy"
        exit $status)";
    fs::create_directory(box.own() / "copy");
    const ended seen = in_own_mounts(box, script, {"-p", "1", "-i", (box.own() / "list").string()});
    BOOST_TEST_CONTEXT(seen)
    {
        BOOST_TEST(seen.status == 3);
        BOOST_TEST((seen.err.find("No space left on device") != seen.err.npos));
        BOOST_TEST(server.connections() < 10);
    }
    BOOST_TEST((read_file(box.own() / "copy" / "0") == bytes));
    BOOST_TEST((read_file(box.own() / "copy" / "1") == bytes));
    for (const auto& entry : fs::directory_iterator(box.own() / "copy")) {
        const std::string name = entry.path().filename().string();
        BOOST_TEST((name == "0" || name == "1" || name.starts_with("2.part")), "there is a " << name);
    }
}

BOOST_AUTO_TEST_CASE(read_only, *mounts())
{
    const std::string script = "mount -t tmpfs -o ro none " + box.files().string() + R"( && "$@")";
    const ended seen = in_own_mounts(box, script, {url()});
    box.check_ended(seen, 1, {url(), "Read-only file system"});
    box.check_there({});
}

// A worker is started by way of /proc. What fails is the work on the file.
BOOST_AUTO_TEST_CASE(no_proc, *mounts() * test::unsanitized())
{
    const std::string script = R"(mount -t tmpfs none /proc && "$@")";
    const ended seen = in_own_mounts(box, script, {"--then", "sha256", url()});
    box.check_ended(seen, 1, {url(), "no worker process could be started", "--then needs /proc to be mounted"});
    for (const char* const part : {"std::", "_file", "basic_string"}) {
        BOOST_TEST((seen.err.find(part) == seen.err.npos), seen);
    }
    box.check_there({{"file", bytes}});
}

// Whoever runs the tests may have been given the capability to write everywhere; tandem-get gets it not.
BOOST_AUTO_TEST_CASE(no_permission)
{
    fs::permissions(box.files(), fs::perms(0555));
    fs::copy_file(TANDEM_GET, box.own() / "tandem-get-itself"); // where it is may be nobody's business
    std::vector<std::string> command = {"setpriv", "--ambient-caps=-all", "--inh-caps=-all"};
    if (::geteuid() == 0) {
        command.insert(command.end(), {"--reuid=65534", "--regid=65534", "--clear-groups"});
    }
    std::vector<std::string> tool = box.command({url()});
    tool.front() = (box.own() / "tandem-get-itself").string();
    command.insert(command.end(), tool.begin(), tool.end());
    box.check_ended(process(command, box.place()).wait(), 1, {url(), "Permission denied"});
    box.check_there({});
}

BOOST_AUTO_TEST_CASE(no_such_folder)
{
    // Within a file, where none can be made.
    write_file(box.own() / "a-file", "");
    const ended seen =
        process({TANDEM_GET, "-d", (box.own() / "a-file" / "folder").string(), url()}, box.place()).wait();
    BOOST_TEST((seen.status == 1 || seen.status == 2), seen);
    box.check_ended(seen, seen.status, {"a-file"});
    box.check_there({});
}

BOOST_AUTO_TEST_CASE(the_target_is_a_folder)
{
    for (const char* const policy : {"fail", "replace", "skip"}) {
        BOOST_TEST_CONTEXT(policy)
        {
            fs::create_directories(file());
            write_file(file() / "inside", "kept");
            box.check_ended(box.get({"--if-exists", policy, url()}), 1, {url()});
            box.check_there({{"file/", ""}, {"file/inside", "kept"}});
        }
    }
    box.check_ended(box.get({"--if-exists", "rename", url()}), 0);
    box.check_there({{"file/", ""}, {"file/inside", "kept"}, {"file-2", bytes}});
}

BOOST_AUTO_TEST_CASE(the_part_is_a_folder)
{
    fs::create_directories(file("file.part"));
    write_file(file("file.part") / "inside", "kept");
    box.check_ended(box.get({url()}), 1, {url(), "file.part"});
    box.check_there({{"file.part/", ""}, {"file.part/inside", "kept"}});
}

BOOST_AUTO_TEST_CASE(the_record_is_a_folder)
{
    fs::create_directories(file("file.part.from"));
    const ended seen = box.get({url()});
    BOOST_TEST((seen.status == 0 || seen.status == 1), seen);
    box.check_ended(seen, seen.status);
    BOOST_TEST(fs::is_directory(file("file.part.from")));
    BOOST_TEST((box.there().count("file") == 1) == (seen.status == 0));
}

// Whatever becomes of the download: what a link points to is not touched, nor made.
BOOST_AUTO_TEST_CASE(a_symlink_in_the_way)
{
    for (const char* const name : {"file", "file.part", "file.part.from"}) {
        for (const bool dangling : {false, true}) {
            for (const char* const policy : {"fail", "rename", "replace", "skip"}) {
                BOOST_TEST_CONTEXT(name << (dangling ? ", dangling, " : ", ") << policy)
                {
                    const fixture with;
                    const fs::path victim = with.box.own() / "victim";
                    if (!dangling) {
                        write_file(victim, "kept");
                    }
                    fs::create_symlink(victim, with.file(name));
                    const ended seen = with.box.get({"--if-exists", policy, with.url()});
                    with.box.check_ended(seen, seen.status == 0 ? 0 : 1);
                    BOOST_TEST(fs::exists(victim) == !dangling);
                    BOOST_TEST(read_file(victim) == (dangling ? "" : "kept"));
                    tree there = with.box.there();
                    // The link stays, or the complete file has taken its place.
                    for (const auto& [one, content] : there) {
                        BOOST_TEST((content.empty() || content == bytes), one << " holds something else");
                        BOOST_TEST((one.starts_with("file") &&
                                    (one.find(".part") == one.npos || one.find(" -> ") != one.npos)),
                                   "there is a " << one);
                    }
                    if (seen.status != 0) {
                        BOOST_TEST((seen.err.find(with.url()) != seen.err.npos), seen);
                        BOOST_TEST(there.size() == 1u);
                    }
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_fifo_in_the_way)
{
    for (const char* const name : {"file", "file.part", "file.part.from"}) {
        BOOST_TEST_CONTEXT(name)
        {
            const fixture with;
            BOOST_TEST_REQUIRE(::mkfifo(with.file(name).c_str(), 0600) == 0);
            process running(with.box.command({"--if-exists", "replace", with.url()}), with.box.place());
            const ended seen = running.wait(20s); // it does not hang
            with.box.check_ended(seen, seen.status == 0 ? 0 : 1);
            if (std::string(name) != "file.part.from") {
                BOOST_TEST(seen.status == 1);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(another_is_writing_it)
{
    const scripted_server slow(serve(20ms));
    process first(box.command({slow.url("/file")}), box.place());
    for (int i = 0; i != 20'000 && first.running() && !fs::exists(file("file.part")); ++i) {
        std::this_thread::sleep_for(1ms);
    }
    surroundings place = box.place();
    place.output = box.own() / "second";
    box.check_ended(process(box.command({slow.url("/file")}), place).wait(), 1, {slow.url("/file")});
    box.check_ended(first.wait(), 0);
    box.check_there({{"file", bytes}});
}

// Killed again and again, wherever it is: the file is right in the end, and was never there before.
BOOST_AUTO_TEST_CASE(killed_and_resumed_many_times)
{
    std::atomic<int> parts{0};
    const scripted_server slow(serve(2ms, &parts));
    const auto size = [&] {
        std::error_code none;
        const auto result = fs::file_size(file("file.part"), none);
        return none ? 0 : result;
    };
    int kills = 0;
    for (std::size_t next = 1; next < bytes.size() - 300'000; next += 700'000) {
        process running(box.command({slow.url("/file")}), box.place());
        for (int i = 0; i != 30'000 && running.running() && size() < next; ++i) {
            std::this_thread::sleep_for(1ms);
        }
        running.send(SIGKILL);
        const ended seen = running.wait();
        if (seen.signal != SIGKILL) {
            BOOST_TEST(seen.status == 0, seen);
            break;
        }
        ++kills;
        BOOST_TEST(!fs::exists(file()));
        BOOST_TEST((bytes.starts_with(read_file(file("file.part")))), "the .part holds other bytes");
    }
    BOOST_TEST(kills > 1);
    if (!fs::exists(file())) {
        box.check_ended(box.get({slow.url("/file")}), 0);
    }
    box.check_there({{"file", bytes}});
    BOOST_TEST(parts > 0);
}

BOOST_AUTO_TEST_CASE(killed_at_random)
{
    const scripted_server slow(serve(500us));
    for (int i = 0; i != 12; ++i) {
        process running(box.command({slow.url("/file"), "--sync"}), box.place());
        std::this_thread::sleep_for(std::chrono::milliseconds(5 + 13 * i));
        running.send(SIGKILL);
        running.wait();
        if (fs::exists(file())) {
            // Killed when it had named the file, it leaves the record, which the next one removes.
            if (fs::exists(file().string() + ".part.from")) {
                BOOST_TEST(fs::file_size(file()) == bytes.size());
            } else {
                box.check_there({{"file", bytes}});
            }
            fs::remove(file());
        }
    }
    box.check_ended(box.get({slow.url("/file")}), 0);
    box.check_there({{"file", bytes}});
}

/// Sends a part of `bytes` of this size, or of all of it, and goes on when it is told to.
struct held_server
{
    explicit held_server(std::size_t size) : body(bytes.substr(0, size)) {}

    bool wait_until_begun()
    {
        return begun.get_future().wait_for(30s) == std::future_status::ready;
    }

    std::string body;
    std::promise<void> begun{};
    std::promise<void> go_on{};
    std::shared_future<void> told = go_on.get_future().share();
    scripted_server server{[this](peer& client) {
        client.read_request();
        const std::string answer = complete(body, "ETag: \"one\"\r\n");
        client.send(std::string_view(answer).substr(0, answer.size() - 1000));
        begun.set_value();
        told.wait_for(30s);
        client.send(std::string_view(answer).substr(answer.size() - 1000));
        client.wait_for_end();
    }};
};

constexpr std::size_t small = 300'000; ///< has no .part

/// Whoever takes the folder away: what is written goes nowhere else.
BOOST_AUTO_TEST_CASE(a_folder_that_is_replaced_or_removed)
{
    for (const std::size_t size : {small, bytes.size()}) {
        for (const char* const what : {"replaced", "by a link", "removed"}) {
            BOOST_TEST_CONTEXT(size << ", " << what)
            {
                const sandbox with;
                held_server held(size);
                process running(with.command({held.server.url("/file")}), with.place());
                BOOST_TEST(held.wait_until_begun());
                std::this_thread::sleep_for(100ms); // until the part is open
                const fs::path moved = with.own() / "moved";
                const fs::path elsewhere = with.own() / "elsewhere";
                fs::create_directory(elsewhere);
                if (what == std::string("removed")) {
                    fs::remove_all(with.files());
                } else {
                    fs::rename(with.files(), moved);
                    if (what == std::string("replaced")) {
                        fs::create_directory(with.files());
                    } else {
                        fs::create_directory_symlink(elsewhere, with.files());
                    }
                }
                held.go_on.set_value();
                with.check_ended(running.wait(), 1,
                                 {held.server.url("/file"), "the folder was removed, renamed or replaced"});
                BOOST_TEST(fs::is_empty(elsewhere));
                BOOST_TEST(!fs::exists(moved / "file"));
                BOOST_TEST((!fs::exists(with.files()) || fs::is_empty(with.files())));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_replaced_file_keeps_its_mode)
{
    const auto mode_of = [](const fs::path& path) {
        struct stat status
        {
        };
        return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
    };
    for (const std::size_t size : {small, bytes.size()}) {
        for (const mode_t mode : {0600U, 0640U, 0755U, 0444U, 06755U}) {
            BOOST_TEST_CONTEXT(size << std::oct << ", " << mode)
            {
                const sandbox with;
                held_server held(size);
                const fs::path target = with.files() / "file";
                write_file(target, "old");
                BOOST_TEST_REQUIRE(::chmod(target.c_str(), mode) == 0);
                process running(with.command({"--if-exists", "replace", held.server.url("/file")}), with.place());
                BOOST_TEST(held.wait_until_begun());
                const fs::path part = with.files() / "file.part";
                for (int i = 0; i != 10'000 && size != small && running.running() && !fs::exists(part); ++i) {
                    std::this_thread::sleep_for(1ms);
                }
                // Who may not read it in the end may not do so before.
                BOOST_TEST((mode_of(part) & ~(mode | 0600)) == 0u);
                held.go_on.set_value();
                with.check_ended(running.wait(), 0);
                with.check_there({{"file", held.body}});
                BOOST_TEST(mode_of(target) == (mode & 0777u)); // not who it runs as: the bytes are a server's
            }
        }
    }
}

namespace {

/// Breaks the first answer off after two million bytes; what follows is `serve`'s.
scripted_server::script break_off_first(std::atomic<int>* parts = nullptr)
{
    auto first = std::make_shared<std::atomic<bool>>(true);
    return [first, go_on = serve(0us, parts)](peer& client) {
        if (first->exchange(false)) {
            client.read_request();
            client.send(complete(bytes, "ETag: \"one\"\r\n").substr(0, 2'000'000));
        } else {
            go_on(client);
        }
    };
}

/// An unfinished download that can be gone on with.
struct interrupted
{
    interrupted() { box.check_ended(box.get({url()}), 1); }

    std::string url() const { return server.url("/file"); }
    fs::path file(const std::string& name) const { return box.files() / name; }

    sandbox box{};
    scripted_server server{break_off_first()};
};

} // namespace

BOOST_AUTO_TEST_CASE(a_part_that_has_another_name_is_not_written_through)
{
    for (const std::string name : {"file.part", "file.part.from"}) {
        BOOST_TEST_CONTEXT(name)
        {
            const interrupted with;
            const fs::path other = with.box.own() / "other";
            fs::create_hard_link(with.file(name), other);
            const std::string before = read_file(other);
            with.box.check_ended(with.box.get({with.url()}), 1, {with.url(), "file.part", "in the way"});
            BOOST_TEST((read_file(other) == before), "it was written through");
            BOOST_TEST(!fs::exists(with.file("file")));
            with.box.check_ended(with.box.get({"--if-exists", "rename", with.url()}), 0);
            BOOST_TEST((read_file(with.file("file")) == bytes));
            BOOST_TEST((read_file(other) == before), "it was written through");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_larger_than_the_process_may_make)
{
    for (const auto& [path, limit] : {std::pair("/file", 2'000'000), std::pair("/small", 100'000)}) {
        const scripted_server here([](peer& client) {
            const bool all = client.read_request().starts_with("GET /file ");
            client.send(complete(bytes.substr(0, all ? bytes.size() : small)));
        });
        std::vector<std::string> command = {"prlimit", "--fsize=" + std::to_string(limit)};
        const std::vector<std::string> tool = box.command({here.url(path)});
        command.insert(command.end(), tool.begin(), tool.end());
        box.check_ended(process(command, box.place()).wait(), 1, {here.url(path), "RLIMIT_FSIZE", "File too large"});
        box.check_there({});
    }
}

namespace {

struct missing
{
    const char* call;
    std::vector<int> errors;
};

std::ostream& operator<<(std::ostream& out, const missing& m)
{
    return out << m.call;
}

/// tandem-get where these calls fail.
ended get_without(const sandbox& box, const std::vector<std::string>& calls, const std::vector<std::string>& arguments)
{
    std::vector<std::string> command = {WITHOUT_CALLS};
    command.insert(command.end(), calls.begin(), calls.end());
    command.push_back("--");
    const std::vector<std::string> tool = box.command(arguments);
    command.insert(command.end(), tool.begin(), tool.end());
    return process(command, box.place()).wait();
}

/// What a file system, an old kernel or a sandbox may not have, and how each of them says so.
const std::vector<missing> missing_calls = {
    {"flock", {ENOSYS, ENOLCK, EOPNOTSUPP, EINVAL, EPERM}},
    {"linkat", {ENOSYS, EPERM, EOPNOTSUPP, EINVAL, EMLINK, EXDEV}},
    {"renameat2", {ENOSYS, EINVAL, EPERM, EOPNOTSUPP}},
    {"tmpfile", {ENOSYS, EISDIR, EINVAL, EOPNOTSUPP, EPERM, ENOENT}},
    {"fchmod", {ENOSYS, EPERM, EOPNOTSUPP}},
    {"utimensat", {ENOSYS, EPERM, EINVAL}},
    {"getrlimit", {ENOSYS, EPERM}},
};

bool is_needed_by_sanitizers(const missing& one)
{
    return test::sanitized && one.call == std::string("getrlimit");
}

} // namespace

BOOST_DATA_TEST_CASE(what_the_system_does_not_have, boost::unit_test::data::make(missing_calls), one)
{
    if (is_needed_by_sanitizers(one)) {
        return;
    }
    for (const int error : one.errors) {
        const std::vector<std::string> calls = {one.call + ("=" + std::to_string(error))};
        for (const char* const policy : {"fail", "rename", "replace", "skip"}) {
            BOOST_TEST_CONTEXT(calls.front() << ", " << policy)
            {
                const sandbox with;
                const scripted_server here([](peer& client) {
                    client.read_request();
                    client.send(complete(bytes.substr(0, small)));
                });
                const bool replaces = policy == std::string("replace");
                if (replaces) {
                    write_file(with.files() / "file", "old");
                }
                with.check_ended(get_without(with, calls, {"--if-exists", policy, here.url("/file")}), 0);
                with.check_there({{"file", bytes.substr(0, small)}});
            }
        }
        BOOST_TEST_CONTEXT(calls.front() << ", interrupted")
        {
            const sandbox with;
            std::atomic<int> parts{0};
            const scripted_server here(break_off_first(&parts));
            with.check_ended(get_without(with, calls, {here.url("/file")}), 1);
            with.check_ended(get_without(with, calls, {here.url("/file")}), 0);
            with.check_there({{"file", bytes}});
            BOOST_TEST(parts == 1);
        }
    }
}

// The same of what a task makes of a file.
BOOST_AUTO_TEST_CASE(what_the_system_does_not_have_for_a_task)
{
    for (const int error : {ENOSYS, EINVAL, EPERM, EOPNOTSUPP}) {
        for (const char* const policy : {"fail", "replace"}) {
            BOOST_TEST_CONTEXT(error << ", " << policy)
            {
                const sandbox with;
                with.check_ended(get_without(with, {"renameat2=" + std::to_string(error)},
                                             {"--if-exists", policy, "--then", "gzip", url()}),
                                 0);
                with.check_there({{"file", bytes}, {"file.gz", anything}});
            }
        }
    }
}

// Before anything is written, with the option that helps.
BOOST_AUTO_TEST_CASE(where_no_name_can_be_given_that_replaces_nothing)
{
    const std::vector<std::string> calls = {"renameat2=" + std::to_string(EINVAL), "linkat=" + std::to_string(EPERM)};
    held_server held(bytes.size());
    process running(
        [&] {
            std::vector<std::string> command = {WITHOUT_CALLS, calls[0], calls[1], "--"};
            const std::vector<std::string> tool = box.command({held.server.url("/file")});
            command.insert(command.end(), tool.begin(), tool.end());
            return command;
        }(),
        box.place());
    BOOST_TEST(held.wait_until_begun());
    const ended seen = running.wait(20s); // the rest of the body is not waited for
    held.go_on.set_value();
    box.check_ended(seen, 1, {held.server.url("/file"), "--if-exists=replace"});
    box.check_there({});
    for (const char* const policy : {"replace", "skip"}) {
        box.check_ended(get_without(box, calls, {"--if-exists", policy, url()}), 0);
        box.check_there({{"file", bytes}});
        fs::remove(file());
    }
}

BOOST_AUTO_TEST_CASE(where_nothing_can_be_put_on_the_disk)
{
    const std::vector<std::string> calls = {"fsync=" + std::to_string(ENOSYS)};
    box.check_ended(get_without(box, calls, {"--sync", url()}), 1, {url(), "do without sync"});
    box.check_there({});
    BOOST_TEST(server.connections() == 0);
    box.check_ended(get_without(box, calls, {url()}), 0);
    box.check_there({{"file", bytes}});
}

// Two downloads of one file, which no lock keeps apart: what is there in the end is one of them.
BOOST_AUTO_TEST_CASE(two_without_locks_do_not_mix_their_bytes)
{
    const std::vector<std::string> calls = {"flock=" + std::to_string(ENOSYS)};
    const std::string others(bytes.size(), 'o');
    std::atomic<int> number{0};
    std::promise<void> second_ended;
    const std::shared_future<void> told = second_ended.get_future().share();
    const scripted_server slow([&](peer& client) {
        client.read_request();
        if (number++ == 0) {
            const std::string answer = complete(bytes, "ETag: \"one\"\r\n");
            client.send(std::string_view(answer).substr(0, 500'000));
            told.wait_for(30s);
            client.send(std::string_view(answer).substr(500'000));
        } else {
            client.send(complete(others, "ETag: \"two\"\r\n"));
        }
    });
    std::vector<std::string> command = {WITHOUT_CALLS, calls.front(), "--"};
    const std::vector<std::string> tool = box.command({"--if-exists", "replace", slow.url("/file")});
    command.insert(command.end(), tool.begin(), tool.end());
    process first(command, box.place());
    for (int i = 0; i != 20'000 && first.running() && read_file(file("file.part")).size() < 100'000; ++i) {
        std::this_thread::sleep_for(1ms);
    }
    surroundings place = box.place();
    place.output = box.own() / "second";
    box.check_ended(process(command, place).wait(), 0);
    second_ended.set_value();
    box.check_ended(first.wait(), 1, {"by another program"});
    box.check_there({{"file", others}});
}

// A download that was killed between the two steps in which a file system without renameat2 renames.
BOOST_AUTO_TEST_CASE(a_part_that_has_its_final_name_already)
{
    const interrupted with;
    fs::create_hard_link(with.file("file.part"), with.file("file"));
    const std::string there = read_file(with.file("file"));
    with.box.check_ended(with.box.get({"--if-exists", "rename", with.url()}), 0);
    with.box.check_there({{"file", there}, {"file-2", bytes}});
}

// Nothing tells whether the machine went down since: what was not synced is not gone on with.
BOOST_AUTO_TEST_CASE(without_proc, *mounts())
{
    for (const bool sync : {false, true}) {
        const sandbox with;
        std::atomic<int> parts{0};
        const scripted_server here(break_off_first(&parts));
        const std::string script = R"(mount -t tmpfs none /proc && { "$@"; status=$?; "$@" && echo "first $status"; })";
        std::vector<std::string> arguments = {here.url("/file")};
        if (sync) {
            arguments.push_back("--sync");
        }
        const ended seen = in_own_mounts(with, script, arguments);
        with.check_ended(seen, 0);
        BOOST_TEST((seen.out.find("first 1") != seen.out.npos), seen);
        with.check_there({{"file", bytes}});
        BOOST_TEST(parts == (sync ? 1 : 0));
    }
}

// Where another user may write as well: what is planted there does not end in the file. Not guarded, see CMakeLists.txt.
BOOST_AUTO_TEST_SUITE(owners, *privileged())

namespace {

constexpr uid_t somebody = 65534;

void give_away(const fs::path& path)
{
    BOOST_TEST_REQUIRE(::chown(path.c_str(), somebody, somebody) == 0);
    BOOST_TEST_REQUIRE(::chmod(path.c_str(), 0666) == 0);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_part_of_anothers_is_not_used)
{
    for (const bool with_record : {true, false}) {
        const interrupted with;
        write_file(with.file("file.part"), std::string(2'000'000, 'p')); // keeps its inode
        give_away(with.file("file.part"));
        if (with_record) {
            give_away(with.file("file.part.from"));
        }
        const tree before = with.box.there();
        with.box.check_ended(with.box.get({with.url()}), 1, {with.url(), "file.part", "another user's"});
        with.box.check_there(before);
        with.box.check_ended(with.box.get({"--if-exists", "rename", with.url()}), 0);
        BOOST_TEST((read_file(with.file("file")) == bytes));
        struct stat status
        {
        };
        BOOST_TEST_REQUIRE(::stat(with.file("file").c_str(), &status) == 0);
        BOOST_TEST(status.st_uid == ::geteuid());
        BOOST_TEST((status.st_mode & 022) == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_record_of_anothers_is_not_used)
{
    for (const bool with_part : {true, false}) {
        const interrupted with;
        give_away(with.file("file.part.from"));
        if (!with_part) {
            fs::remove(with.file("file.part"));
        }
        const tree before = with.box.there();
        with.box.check_ended(with.box.get({with.url()}), 1, {with.url(), "file.part", "in the way"});
        with.box.check_there(before);
    }
}

// An ordinary user's, whom the system lets open what is everybody's.
BOOST_AUTO_TEST_CASE(an_empty_part_of_anothers_is_not_used)
{
    const fixture with;
    write_file(with.file("file.part"), "");
    give_away(with.file("file.part"));
    with.box.check_ended(with.box.get({with.url()}), 1, {with.url(), "file.part", "another user's"});
    with.box.check_there({{"file.part", ""}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
