// What --then does with a file, beside what the usual programs do with it.

#include "support/process.hpp"
#include "tandem_get/temporary_folder.hpp"
#include "tandem_get/then_task.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace fs = std::filesystem;

namespace {

std::string written(const fs::path& path, const std::string& text)
{
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
}

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
    BOOST_TEST(sha256_file(path, false).digest ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2, appendix B.1
    BOOST_TEST(sha512_file(path, false).digest.starts_with("ddaf35a193617abacc417349ae204131"));
    BOOST_CHECK_THROW(sha256_file((folder.path() / "none").string(), false), std::system_error);
    const then_task* task = find_then_task("sha256");
    BOOST_TEST_REQUIRE(task);
    BOOST_TEST(task->line("a", {.digest = "0a"}) == "0a  a");
    BOOST_TEST(task->line("a\\b\n", {.digest = "0a"}) == "\\0a  a\\\\b\\n"); // as sha256sum escapes it
    BOOST_TEST(!find_then_task("sha2"));
}

BOOST_AUTO_TEST_CASE(words)
{
    const temporary_folder folder;
    const then_result counted = count_file(written(folder.path() / "a", "one two\n\tthree\n\nfour"), false);
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
        const then_result packed = gzip_file(path, true);
        BOOST_TEST(packed.file == path + ".gz");
        BOOST_TEST(packed.bytes == test::read_file(packed.file).size());
        fs::remove(path);
        const then_result unpacked = gunzip_file(packed.file, false);
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
    const std::string packed = test::read_file(gzip_file(path, false).file);
    fs::remove(path);
    const auto refused = [&](const std::string& what, const std::string& bytes) {
        const std::string wrong = written(folder.path() / "a.gz", bytes);
        BOOST_CHECK_EXCEPTION(gunzip_file(wrong, false), std::runtime_error, [&](const std::runtime_error& error) {
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
    BOOST_CHECK_THROW(gunzip_file(written(folder.path() / "a", packed), false), std::runtime_error); // no .gz
}

BOOST_AUTO_TEST_CASE(a_file_that_is_there_is_not_replaced_unasked)
{
    const temporary_folder folder;
    const std::string path = written(folder.path() / "a", "new");
    const std::string there = written(folder.path() / "a.gz", "precious");
    BOOST_CHECK_THROW(gzip_file(path, false), std::system_error);
    BOOST_TEST(test::read_file(there) == "precious");
    BOOST_TEST(files_in(folder.path()) == 2u);
    gzip_file(path, true);
    BOOST_TEST(test::read_file(there) != "precious");
}

BOOST_AUTO_TEST_SUITE_END()
