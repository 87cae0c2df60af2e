#ifndef TANDEM_HTTP_PROGRESS_HPP
#define TANDEM_HTTP_PROGRESS_HPP

#include <tandem/detail/same_build.hpp>

#include <atomic>
#include <cstdint>

namespace tandem::http {

/// How far a download is, to be read by any thread at any time while the download writes it. Each member is right by
/// itself; they may be of different moments.
struct download_progress
{
    enum class phase : int
    {
        waiting,    ///< for its start, a connection, an answer
        receiving,
        pausing,    ///< before it is tried again
        ended
    };

    static constexpr std::uint64_t unknown = UINT64_MAX;

    std::atomic<phase> now{phase::waiting};
    std::atomic<std::uint64_t> bytes{0};       ///< of the file that are there, those from an earlier download included
    std::atomic<std::uint64_t> total{unknown}; ///< of the file
    std::atomic<unsigned> retries{0};
};

} // namespace tandem::http

#endif
