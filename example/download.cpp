// Downloads many URLs at once on threads, and has each file examined in a process of its own as soon as it is there.
//
//   download [--output FOLDER] [--parallel N] [--workers N] [--cacert FILE] [URL...]
//
// Without URLs it serves the installed Boost headers to itself, downloads 1,000 of them, and checks every one.

#include "download/compare.hpp"
#include "download/fetch.hpp"
#include "download/file_server.hpp"
#include "download/interruption.hpp"
#include "download/options.hpp"
#include "download/progress.hpp"
#include "download/samples.hpp"

#include <cstdio>
#include <exception>
#include <optional>
#include <set>
#include <stdexcept>

#include <stdlib.h>

namespace fs = std::filesystem;
namespace http = tandem::http;

namespace {

/// A folder for the files: the one asked for, or one that is gone at the end.
class output_folder
{
public:
    explicit output_folder(const fs::path& wanted) : path_(wanted), temporary_(wanted.empty())
    {
        if (temporary_) {
            std::string name = (fs::temp_directory_path() / "tandem-download-XXXXXX").string();
            if (!::mkdtemp(name.data())) {
                throw std::runtime_error("cannot make a folder in " + fs::temp_directory_path().string());
            }
            path_ = name;
        } else {
            fs::create_directories(path_);
        }
    }
    output_folder(const output_folder&) = delete;
    output_folder& operator=(const output_folder&) = delete;
    ~output_folder()
    {
        if (temporary_) {
            std::error_code ignored;
            fs::remove_all(path_, ignored);
        }
    }

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
    bool temporary_;
};

/// Two URLs with one name must not overwrite each other: the second becomes "name-2.txt".
class unique_names
{
public:
    std::string take(const std::string& name)
    {
        std::string result = name;
        for (int number = 2; !taken_.insert(result).second; ++number) {
            const fs::path path(name);
            result = path.stem().string() + '-' + std::to_string(number) + path.extension().string();
        }
        return result;
    }

private:
    std::set<std::string> taken_;
};

/// What came of it, and what the work on the files would take otherwise.
void report(const totals& all, tandem::process_pool& cpu, bool verified, interruption& interrupted)
{
    if (all.files.empty() || interrupted.signal() != 0) {
        return;
    }
    if (verified) {
        std::printf("%s verified by SHA-256\n", in_files(all.verified).c_str());
    }
    std::printf("kept connections served %zu of them; gzip makes %s into %s\n\n", all.reused,
                in_units(static_cast<double>(all.bytes)).c_str(),
                in_units(static_cast<double>(all.gzip_bytes)).c_str());
    print_heading();
    print_row("downloaded, and examined meanwhile", all.files.size(), all.bytes, all.elapsed.count(), 0);
    compare_pools(cpu, all.files, all.bytes, interrupted);
}

/// Returns what main does.
int run(const options& given)
{
    tandem::thread_pool io;
    tandem::process_pool_options processes;
    processes.workers = given.workers;
    tandem::process_pool cpu{io.get_executor(), processes};

    http::client_options connections;
    connections.max_connections_per_host = given.parallel;
    connections.max_connections = given.parallel;
    connections.ca_file = given.cacert;
    const http::client client{io.get_executor(), connections};

    const output_folder output(given.output);
    unique_names names;
    std::vector<job> jobs;
    for (const std::string& url : given.urls) {
        jobs.push_back({url, output.path() / names.take(http::file_name(url)), {}});
    }
    std::optional<file_server> server;
    if (given.urls.empty()) {
        const fs::path root = boost_headers();
        server.emplace(io.get_executor(), root);
        for (const fs::path& header : sample_headers(root, 1000)) {
            const std::string url = server->url(header);
            jobs.push_back({url, output.path() / names.take(http::file_name(url)), root / header});
        }
        std::printf("serving %s on loopback\n", (root / "boost").c_str());
    }
    std::printf("downloading %s to %s, at most %zu at once\n", in_files(jobs.size()).c_str(), output.path().c_str(),
                given.parallel);
    std::fflush(stdout);

    interruption interrupted(io.get_executor());
    const totals all = fetch_all(io, cpu, client, jobs, given.parallel, interrupted);
    try {
        report(all, cpu, server.has_value(), interrupted);
    } catch (const std::exception&) {
        if (interrupted.signal() == 0) {
            throw;
        }
    }
    if (const int signal = interrupted.signal(); signal != 0) {
        std::fprintf(stderr, "interrupted: %s of %s complete\n", grouped(all.files.size()).c_str(),
                     in_files(jobs.size()).c_str());
        return 128 + signal;
    }
    if (all.failed > 0) {
        std::fprintf(stderr, "%s of %s failed\n", grouped(all.failed).c_str(), in_files(jobs.size()).c_str());
        return 1;
    }
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    tandem::run_if_worker();
    try {
        const std::optional<options> given = read_options(argc, argv);
        return given ? run(*given) : 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "download: %s\n", error.what());
        return 2;
    }
}
