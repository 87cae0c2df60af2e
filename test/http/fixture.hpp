#ifndef TANDEM_TEST_HTTP_FIXTURE_HPP
#define TANDEM_TEST_HTTP_FIXTURE_HPP

#include "http/scripted_server.hpp"

#include <tandem/cancellation_source.hpp>
#include <tandem/http.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace test {

/// No second try: a test that wants them says so.
inline tandem::http::download_options once()
{
    tandem::http::download_options result;
    result.retry.retries = 0;
    return result;
}

/// As many as that, without much waiting.
inline tandem::http::download_options tries(unsigned retries)
{
    tandem::http::download_options result;
    result.retry.retries = retries;
    result.retry.first_delay = std::chrono::milliseconds(2);
    result.retry.max_delay = std::chrono::milliseconds(10);
    return result;
}

/// What a download did, in one value that can be printed.
struct outcome
{
    std::optional<tandem::http::download_report> report{};
    boost::system::error_code code{};
    std::string what{};
    std::string url{};
    unsigned status = 0;
};

inline std::ostream& operator<<(std::ostream& out, const outcome& o)
{
    if (o.report) {
        return out << "complete: " << o.report->status << ", " << o.report->bytes << " bytes, " << o.report->redirects
                   << " redirects, reused " << o.report->reused_connection << ", " << o.report->retries
                   << " retries, resumed at " << o.report->resumed_at << ", " << o.report->url;
    }
    return out << "failed: " << o.what << " [" << o.code << ", status " << o.status << "]";
}

inline outcome as_outcome(std::exception_ptr error, tandem::http::download_report report)
{
    outcome result;
    if (!error) {
        result.report = std::move(report);
        return result;
    }
    try {
        std::rethrow_exception(std::move(error));
    } catch (const tandem::http::download_error& e) {
        result.code = e.code();
        result.what = e.what();
        result.url = e.url();
        result.status = e.status();
    } catch (const std::exception& e) {
        result.what = e.what();
    }
    return result;
}

/// A download that has been started. The error is read where it arrives: libstdc++ counts references to exceptions out
/// of ThreadSanitizer's sight, which then reports one read on two threads.
struct started
{
    started(const tandem::http::downloader& with, const std::string& url, const std::filesystem::path& target,
            const tandem::http::download_options& options = once())
    {
        auto done = std::make_shared<std::promise<outcome>>();
        future = done->get_future();
        with.async_download(url, target, options,
                            tandem::cancellable(
                                source, boost::asio::bind_cancellation_slot(
                                            signal.slot(),
                                            [done](std::exception_ptr error, tandem::http::download_report report) {
                                                done->set_value(as_outcome(std::move(error), std::move(report)));
                                            })));
    }

    /// Whether it has completed or not.
    void cancel(boost::asio::cancellation_type type) const { source.cancel(type); }

    /// Fails the test rather than hang.
    outcome wait()
    {
        BOOST_REQUIRE_MESSAGE(future.wait_for(std::chrono::seconds(60)) == std::future_status::ready,
                              "the download did not complete");
        return future.get();
    }

    boost::asio::cancellation_signal signal{}; ///< to be emitted only where it does not complete at the same time
    tandem::cancellation_source source{};
    std::future<outcome> future{};
};

struct fixture
{
    fixture() : folder(std::filesystem::temp_directory_path() / ("tandem-http-" + std::to_string(::getpid())))
    {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory(folder);
    }
    fixture(const fixture&) = delete;
    fixture& operator=(const fixture&) = delete;
    ~fixture()
    {
        threads.join();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    outcome get(const tandem::http::downloader& with, const std::string& url,
                const tandem::http::download_options& options = once())
    {
        return started(with, url, folder / "file", options).wait();
    }
    outcome get(const std::string& url, const tandem::http::download_options& options = once())
    {
        return get(downloads, url, options);
    }

    void put(const std::string& name, const std::string& bytes) const
    {
        std::ofstream(folder / name, std::ios::binary) << bytes;
    }

    /// When it was written, in seconds since 1970.
    void set_time(const std::string& name, std::time_t written) const
    {
        timespec times[2] = {};
        times[0].tv_nsec = UTIME_OMIT;
        times[1].tv_sec = written;
        BOOST_REQUIRE(::utimensat(AT_FDCWD, (folder / name).c_str(), times, 0) == 0);
    }

    std::string content(const std::string& name = "file") const
    {
        std::ifstream in(folder / name, std::ios::binary);
        std::ostringstream out;
        out << in.rdbuf();
        return std::move(out).str();
    }

    /// Until a download has the file for itself, which is a moment after it is there.
    void wait_until_locked(const std::string& name) const
    {
        const auto is_locked = [&] {
            struct stat file
            {
            };
            if (::stat((folder / name).c_str(), &file) != 0) {
                return false;
            }
            std::ifstream locks("/proc/locks");
            const std::string inode = ':' + std::to_string(file.st_ino) + ' ';
            for (std::string line; std::getline(locks, line);) {
                if (line.find("FLOCK") != line.npos && line.find(inode) != line.npos) {
                    return true;
                }
            }
            return false;
        };
        for (int i = 0; i != 10'000 && !is_locked(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        BOOST_TEST_REQUIRE(is_locked(), "no lock on " << name);
    }

    /// Names in the folder, so that a test sees every leftover.
    std::string listing() const
    {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            names.push_back(entry.path().filename().string());
        }
        std::sort(names.begin(), names.end());
        std::string result;
        for (const std::string& name : names) {
            result += (result.empty() ? "" : " ") + name;
        }
        return result;
    }

    void check_failed(const outcome& seen, const boost::system::error_code& expected) const
    {
        BOOST_TEST_CONTEXT(seen)
        {
            BOOST_TEST(!seen.report.has_value());
            BOOST_TEST(seen.code == expected);
            BOOST_TEST(listing() == "");
        }
    }

    void check_complete(const outcome& seen, const std::string& expected) const
    {
        BOOST_TEST_CONTEXT(seen)
        {
            BOOST_REQUIRE(seen.report.has_value());
            BOOST_TEST(seen.report->bytes == expected.size());
            const std::string seen_bytes = content();
            BOOST_TEST((seen_bytes == expected), "the file holds other bytes: " << seen_bytes.substr(0, 200));
            BOOST_TEST(listing() == "file");
        }
    }

    std::filesystem::path folder;
    boost::asio::thread_pool threads{2};
    tandem::http::downloader downloads{threads};
};

/// In hexadecimal.
inline std::string md5(const std::string& bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    BOOST_REQUIRE(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr) == 1);
    std::string result;
    for (unsigned i = 0; i != size; ++i) {
        constexpr char digits[] = "0123456789abcdef";
        result += {digits[digest[i] >> 4], digits[digest[i] & 15]};
    }
    return result;
}

} // namespace test

#endif
