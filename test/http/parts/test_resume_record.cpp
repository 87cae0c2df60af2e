#include "http/failure.hpp"
#include "http/file/final_name.hpp"
#include "http/file/resume_record.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::string_literals;
using namespace tandem::http;
namespace fs = std::filesystem;

namespace {

struct folder
{
    folder()
    {
        char name[] = "/tmp/tandem-resume-XXXXXX";
        BOOST_REQUIRE(::mkdtemp(name) != nullptr);
        path = name;
        held.emplace(path.string());
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder()
    {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }

    fs::path record() const { return path / record_file::name_for(target); }

    record_file file() const { return record_file(*held, target); }

    std::string text() const
    {
        std::ostringstream out;
        out << std::ifstream(path / "a.bin.part.from").rdbuf();
        return out.str();
    }

    std::size_t files() const
    {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
    }

    fs::path path{};
    std::optional<open_folder> held{};
    const std::string target = "a.bin";
};

const resume_record example{"https://a/b?c=d", "\"tag\"", 1'000'000, 65'536, 77, "3b8f-01"};

} // namespace

BOOST_AUTO_TEST_SUITE(final_names)

// A clock that was set back leaves files with times that are yet to come: no download of this run wrote them.
BOOST_AUTO_TEST_CASE(a_file_of_a_time_to_come_may_be_replaced)
{
    using namespace std::chrono_literals;
    const folder in;
    std::ofstream(in.path / "file") << "old";
    struct stat there
    {
    };
    BOOST_REQUIRE(in.held->look_at("file", there));
    const auto changed = last_change(there);
    for (const auto& [since, now, may] :
         {std::tuple(changed - 2h, changed - 1h, true), std::tuple(changed - 2h, changed, false),
          std::tuple(changed - 2h, changed + 1h, false), std::tuple(changed + 1h, changed + 2h, true)}) {
        const name_policy policy{existing_file::replace, since, now};
        bool replaceable = true;
        try {
            BOOST_TEST(find_replaceable(*in.held, "file", policy).has_value());
        } catch (const failure& cause) {
            BOOST_TEST((cause.code() == errc::target_written_meanwhile));
            replaceable = false;
        }
        BOOST_TEST(replaceable == may);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(resume_records)

BOOST_AUTO_TEST_CASE(come_back)
{
    const folder in;
    BOOST_TEST(!in.file().read().has_value());
    in.file().remove();
    in.file().write(example);
    BOOST_TEST((in.file().read() == example));
    BOOST_TEST(in.files() == 1u);
    BOOST_TEST((record_file::name_for(in.target) == "a.bin.part.from"));
    BOOST_TEST((fs::status(in.record()).permissions() == fs::perms(0600)));

    resume_record later = example;
    later.good = later.total;
    later.boot.clear();
    in.file().write(later);
    BOOST_TEST((in.file().read() == later));

    resume_record encoded = example;
    encoded.encoding = "gzip";
    BOOST_TEST((in.text().find("encoding") == std::string::npos)); // as versions before had it
    in.file().write(encoded);
    BOOST_TEST((in.file().read() == encoded));

    in.file().remove(); // which it has neither read nor written
    BOOST_TEST(in.files() == 1u);
    record_file kept = in.file();
    BOOST_TEST(kept.read().has_value());
    kept.remove();
    BOOST_TEST(in.files() == 0u);

    resume_record largest{
        std::string(60'000, 'u'), "\"" + std::string(4'000, 't') + "\"", UINT64_MAX, UINT64_MAX, UINT64_MAX, "b"};
    in.file().write(largest);
    BOOST_TEST((in.file().read() == largest));
}

BOOST_AUTO_TEST_CASE(that_cannot_be_written)
{
    const folder in;
    const auto with = [](auto change) {
        resume_record record = example;
        change(record);
        return record;
    };
    for (const resume_record& r : {
             with([](resume_record& e) { e.url = "https://a/\nb"; }),
             with([](resume_record& e) { e.url.clear(); }),
             with([](resume_record& e) { e.url.assign(70'000, 'x'); }),
             with([](resume_record& e) { e.validator = "\"a\0b\""s; }),
             with([](resume_record& e) { e.boot = "\r"; }),
             with([](resume_record& e) { e.good = e.total + 1; }),
         }) {
        BOOST_CHECK_THROW(in.file().write(r), failure);
        BOOST_TEST(in.files() == 0u);
    }
    fs::create_directory(in.path / "none");
    const open_folder gone((in.path / "none").string());
    fs::remove(in.path / "none");
    BOOST_CHECK_EXCEPTION(record_file(gone, "a").write(example), failure, [](const failure& e) {
        BOOST_TEST_MESSAGE(e.detail() << ": " << e.code().message());
        return e.code() == errc::folder_changed && !e.detail().empty();
    });
    resume_record untagged = example;
    untagged.validator.clear();
    record_file kept = in.file();
    kept.write(untagged);
    BOOST_TEST((in.file().read() == untagged));
    kept.remove();
    fs::create_directory(in.record());
    BOOST_CHECK_THROW(in.file().write(example), failure);
    BOOST_TEST(in.files() == 1u);
    BOOST_TEST(!in.file().read().has_value());
}

BOOST_AUTO_TEST_CASE(that_are_odd)
{
    const folder in;
    in.file().write(example);
    const std::string good = in.text();
    BOOST_TEST_MESSAGE(good);
    const auto seen = [&](const std::string& text) {
        std::ofstream(in.record(), std::ios::binary) << text;
        return in.file().read().has_value();
    };
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        BOOST_REQUIRE(text.find(from) != text.npos);
        return text.replace(text.find(from), from.size(), to);
    };
    BOOST_TEST(seen(good));
    for (std::size_t size = 0; size < good.size(); ++size) {
        if (seen(good.substr(0, size))) {
            BOOST_ERROR("its first " << size << " bytes");
        }
        std::string zeros = good;
        zeros.replace(size, good.size() - size, good.size() - size, '\0');
        if (seen(zeros)) {
            BOOST_ERROR("zeros from " << size);
        }
    }
    for (const std::string& text : {
             good + "x",
             good + "\n",
             good + good,
             "\n" + good,
             with("record 1", "record 2"),
             with("url ", "URL "),
             with("total 00000000000001000000", "total -1"),
             with("total 00000000000001000000", "total 0x1"),
             with("total 00000000000001000000", "total"),
             with("total 00000000000001000000", "total 18446744073709551616"),
             with("good 00000000000000065536", "good 1000001"),
             with("good 00000000000000065536\n", ""),
             with("good 00000000000000065536", "good 1\ngood 1"),
             with("url https://a/b?c=d", "url "),
             with("\nend", "\r\nend"),
             with("end", "END"),
             with("\nend", "\nencoding \nend"),
             with("\nend", "\nencoding gzip\nencoding gzip\nend"),
             with("\ntag", "\nencoding gzip\ntag"),
             with("a/b", "a/\x01"),
             good.substr(0, good.size() - 4) + std::string(70'000, 'x') + "\nend\n",
         }) {
        BOOST_TEST_CONTEXT(text.substr(0, 300))
        {
            BOOST_TEST(!seen(text));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_stands_in_the_way)
{
    const folder in;
    const fs::path elsewhere = in.path / "elsewhere";
    const fs::path record = in.record();
    in.file().write(example);
    fs::rename(record, elsewhere);

    fs::create_symlink(elsewhere, record);
    BOOST_TEST(!in.file().read().has_value());
    resume_record other = example;
    other.url += "/other";
    BOOST_CHECK_THROW(in.file().write(other), failure);

    fs::rename(elsewhere, record);
    BOOST_TEST((in.file().read() == example)); // what the links led to is as it was

    fs::remove(record);
    BOOST_REQUIRE(::mkfifo(record.c_str(), 0600) == 0);
    BOOST_TEST(!in.file().read().has_value());
}

// Once read or written: what has its name by then is another download's target, or another program's.
BOOST_AUTO_TEST_CASE(are_known_again)
{
    for (const bool was_read : {true, false}) {
        for (const bool in_place : {true, false}) {
            BOOST_TEST_CONTEXT("was read " << was_read << ", written in place " << in_place)
            {
                const folder in;
                record_file kept = in.file();
                if (was_read) {
                    in.file().write(example);
                    BOOST_TEST(kept.read().has_value());
                } else {
                    kept.write(example);
                }
                resume_record other = example;
                other.inode = 78;
                if (in_place) {
                    in.file().write(other);
                } else {
                    std::ofstream(in.path / "other") << "somebody else's";
                    fs::rename(in.path / "other", in.record());
                    kept.write(example);
                }
                BOOST_TEST(kept.is_still_there() == in_place);
                kept.remove_of(static_cast<ino_t>(example.inode));
                BOOST_TEST(in.files() == 1u);
                kept.remove();
                BOOST_TEST(in.files() == (in_place ? 0u : 1u));
                BOOST_TEST((in_place || in.text() == "somebody else's"), in.text());
            }
        }
    }
}

/// A writer that is killed at any moment leaves one of its records.
BOOST_AUTO_TEST_CASE(survive_a_kill)
{
    const folder in;
    resume_record one = example;
    one.url = "https://a/" + std::string(30'000, '1');
    resume_record two = one;
    two.good = 0;
    in.file().write(one);
    int odd = 0;
    for (int i = 0; i < 100; ++i) {
        const pid_t child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            ::alarm(10);
            while (true) {
                in.file().write(two);
                in.file().write(one);
            }
        }
        std::this_thread::sleep_for(std::chrono::microseconds(200 + 97 * i));
        ::kill(child, SIGKILL);
        int status = 0;
        BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
        const auto seen = in.file().read();
        odd += seen == one || seen == two ? 0 : 1;
    }
    BOOST_TEST(odd == 0);
    BOOST_TEST(in.files() == 1u);
}

BOOST_AUTO_TEST_CASE(the_systems_run)
{
    const std::string boot = current_boot();
    BOOST_TEST_MESSAGE("this one is " << boot);
    BOOST_TEST(boot.size() == 36u);
    BOOST_TEST(boot == current_boot());
}

BOOST_AUTO_TEST_SUITE_END()
