#ifndef EXAMPLE_DOWNLOAD_FETCH_HPP
#define EXAMPLE_DOWNLOAD_FETCH_HPP

#include "download/interruption.hpp"

#include <tandem.hpp>
#include <tandem/http.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

struct job
{
    std::string url{};
    std::filesystem::path target{};
    std::filesystem::path original{}; ///< what the file must be equal to; empty where that is not known
};

struct totals
{
    std::vector<std::string> files{}; ///< that are complete
    std::size_t failed = 0;
    std::size_t verified = 0; ///< whose SHA-256 is the original's
    std::size_t reused = 0;   ///< that came over a kept connection
    std::uint64_t bytes = 0;
    std::uint64_t gzip_bytes = 0;
    std::chrono::duration<double> elapsed{};
};

/// Downloads on the threads, `parallel` at once, and has each file examined by a process as soon as it is there.
/// A job that fails is reported on stderr and does not stop the others. An interruption cancels all.
totals fetch_all(tandem::thread_pool& io, tandem::process_pool& cpu, const tandem::http::client& client,
                 const std::vector<job>& jobs, std::size_t parallel, interruption& interrupted);

#endif
