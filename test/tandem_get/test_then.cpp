// What --then does with a file, beside what the usual programs do with it.

#include "support/process.hpp"
#include "tandem_get/temporary_folder.hpp"
#include "tandem_get/then_task.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

std::string written(const fs::path& path, const std::string& text)
{
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
}

/// As with --if-exists=replace.
const file_rule replacing{.replace = true};

std::size_t files_in(const fs::path& folder)
{
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string text_of(std::size_t size)
{
    std::string result;
    for (std::size_t i = 0; result.size() < size; ++i) {
        result += "line " + std::to_string(i * i) + '\n';
    }
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(then)

BOOST_AUTO_TEST_CASE(digests)
{
    const temporary_folder folder;
    const std::string path = written(folder.path() / "a", "abc");
    BOOST_TEST(sha256_file(path, {}).digest ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2, appendix B.1
    BOOST_TEST(sha512_file(path, {}).digest.starts_with("ddaf35a193617abacc417349ae204131"));
    BOOST_CHECK_THROW(sha256_file((folder.path() / "none").string(), {}), std::system_error);
    const then_task* task = find_then_task("sha256");
    BOOST_TEST_REQUIRE(task);
    BOOST_TEST(task->line("a", {.digest = "0a"}) == "0a  a");
    BOOST_TEST(task->line("a\\b\n", {.digest = "0a"}) == "\\0a  a\\\\b\\n"); // as sha256sum escapes it
    BOOST_TEST(!find_then_task("sha2"));
}

BOOST_AUTO_TEST_CASE(words)
{
    const temporary_folder folder;
    const then_result counted = count_file(written(folder.path() / "a", "one two\n\tthree\n\nfour"), {});
    BOOST_TEST(counted.lines == 3u);
    BOOST_TEST(counted.words == 4u);
    BOOST_TEST(counted.bytes == 20u);
    BOOST_TEST(find_then_task("wc")->line("a", counted) == "      3       4      20 a");
}

BOOST_AUTO_TEST_CASE(gzip_and_back)
{
    const temporary_folder folder;
    for (const std::size_t size : {0u, 1u, 65536u, 1'000'000u}) {
        const std::string text = text_of(size);
        const std::string path = written(folder.path() / "a", text);
        const then_result packed = gzip_file(path, replacing);
        BOOST_TEST(packed.file == path + ".gz");
        BOOST_TEST(packed.bytes == test::read_file(packed.file).size());
        fs::remove(path);
        const then_result unpacked = gunzip_file(packed.file, {});
        BOOST_TEST(unpacked.file == path);
        BOOST_TEST(unpacked.bytes == text.size());
        BOOST_TEST((test::read_file(path) == text));
        BOOST_TEST(files_in(folder.path()) == 2u);
    }
}

BOOST_AUTO_TEST_CASE(gunzip_never_makes_a_wrong_file)
{
    const temporary_folder folder;
    const std::string path = written(folder.path() / "a", text_of(100'000));
    const std::string packed = test::read_file(gzip_file(path, {}).file);
    fs::remove(path);
    const auto refused = [&](const std::string& what, const std::string& bytes) {
        const std::string wrong = written(folder.path() / "a.gz", bytes);
        BOOST_CHECK_EXCEPTION(gunzip_file(wrong, {}), std::runtime_error, [&](const std::runtime_error& error) {
            BOOST_TEST_MESSAGE(what << ": " << error.what());
            return true;
        });
        BOOST_TEST(files_in(folder.path()) == 1u);
    };
    refused("garbage", "this is no gzip");
    refused("nothing", "");
    refused("cut", packed.substr(0, packed.size() / 2));
    refused("cut in the trailer", packed.substr(0, packed.size() - 3));
    std::string damaged = packed;
    damaged[damaged.size() / 2] ^= 0x55;
    refused("damaged", damaged);
    damaged = packed;
    damaged[damaged.size() - 8] ^= 1;
    refused("another checksum", damaged);
    for (const std::string& second : {packed.substr(0, 1), packed.substr(0, 2), packed.substr(0, packed.size() - 3),
                                      damaged, std::string("garbage"), std::string(10, '\0') + "garbage"}) {
        refused("another member", packed + second);
    }
    BOOST_CHECK_THROW(gunzip_file(written(folder.path() / "a", packed), {}), std::runtime_error); // no .gz
}

BOOST_AUTO_TEST_CASE(gunzip_takes_members_and_the_zeros_behind_them)
{
    const temporary_folder folder;
    const std::string text = text_of(100'000);
    const std::string packed = test::read_file(gzip_file(written(folder.path() / "a", text), {}).file);
    const std::string empty = test::read_file(gzip_file(written(folder.path() / "b", ""), {}).file);
    for (const std::size_t zeros : {0u, 1u, 511u, 200'000u}) {
        const std::string whole = packed + empty + packed + std::string(zeros, '\0');
        const then_result made = gunzip_file(written(folder.path() / "a.gz", whole), replacing);
        BOOST_TEST((test::read_file(made.file) == text + text));
        BOOST_TEST(made.bytes == 2 * text.size());
    }
    gunzip_file(written(folder.path() / "b.gz", empty), replacing);
    BOOST_TEST(test::read_file(folder.path() / "b") == "");
}

BOOST_AUTO_TEST_CASE(a_file_has_no_name_before_it_is_complete)
{
    const temporary_folder folder;
    const fs::path path = folder.path() / std::string(255, 'x');
    for (const char* text : {"one", "two"}) {
        const std::size_t before = files_in(folder.path());
        {
            const new_file unfinished(path, replacing);
            BOOST_TEST(files_in(folder.path()) == before);
        }
        new_file made(path, replacing);
        const int descriptor = made.duplicate();
        BOOST_TEST(::write(descriptor, text, 3) == 3);
        ::close(descriptor);
        BOOST_TEST(files_in(folder.path()) == before);
        made.finish();
        BOOST_TEST(test::read_file(path) == text);
    }
    BOOST_TEST(files_in(folder.path()) == 1u);
}

BOOST_AUTO_TEST_CASE(a_file_that_was_written_since_is_not_replaced)
{
    const temporary_folder folder;
    const std::string path = written(folder.path() / "a", "new");
    const std::string there = written(folder.path() / "a.gz", "old");
    fs::permissions(there, fs::perms::owner_read | fs::perms::owner_write);
    file_rule rule = replacing;
    rule.not_written_since = next_file_time(folder.path());
    gzip_file(path, rule);
    BOOST_TEST(test::read_file(there) != "old");
    BOOST_TEST((fs::status(there).permissions() == (fs::perms::owner_read | fs::perms::owner_write)));
    written(there, "mine"); // by this run, or by somebody meanwhile
    BOOST_CHECK_THROW(gzip_file(path, rule), std::runtime_error);
    BOOST_TEST(test::read_file(there) == "mine");
    BOOST_TEST(files_in(folder.path()) == 2u);
    fs::remove(there);
    BOOST_TEST_REQUIRE(::mkfifo(there.c_str(), 0600) == 0);
    BOOST_CHECK_THROW(gzip_file(path, replacing), std::runtime_error);
    BOOST_TEST(fs::is_fifo(there));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_to_be_kept_is)
{
    const temporary_folder folder;
    const std::string path = written(folder.path() / "a", "abc");
    const file_rule keeping{.keep = true};
    BOOST_TEST(!gzip_file(path, keeping).kept);
    const std::string there = written(folder.path() / "a.gz", "mine");
    const then_result result = gzip_file(path, keeping);
    BOOST_TEST(result.kept);
    BOOST_TEST(result.file == there);
    BOOST_TEST(result.bytes == 4u);
    BOOST_TEST(test::read_file(there) == "mine");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_there_is_not_replaced_unasked)
{
    const temporary_folder folder;
    const std::string path = written(folder.path() / "a", "new");
    const std::string there = written(folder.path() / "a.gz", "precious");
    BOOST_CHECK_THROW(gzip_file(path, {}), std::system_error);
    BOOST_TEST(test::read_file(there) == "precious");
    BOOST_TEST(files_in(folder.path()) == 2u);
    gzip_file(path, replacing);
    BOOST_TEST(test::read_file(there) != "precious");
}

BOOST_AUTO_TEST_SUITE_END()
