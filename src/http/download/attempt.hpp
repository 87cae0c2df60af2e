#ifndef TANDEM_SRC_HTTP_DOWNLOAD_ATTEMPT_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_ATTEMPT_HPP

#include "http/download/retry.hpp"
#include "http/exchange/exchange.hpp"
#include "http/exchange/follow.hpp"
#include "http/file/destination.hpp"
#include "http/file/existing.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tandem::http {

/// What a record is told of a file while more of it comes, see `note_progress`.
struct progress_notes
{
    bool under_way = false;
    std::optional<boost::asio::steady_timer> ended{}; ///< cancelled when it is not any more
    std::optional<failure> failed{};

    std::optional<failure> take_failure() { return std::exchange(failed, std::nullopt); }
};

/// One try at one URL.
struct try_state
{
    std::string source{};            ///< the URL, as the user gave it
    std::string key{};               ///< the same, as it stands in records
    std::optional<question> asked{}; ///< where it came to, also when it failed; nothing where the URL is none
    trail so_far{};
    answer from{};
    bool resumed = false;         ///< it went on from what was there
    bool segment_refused = false; ///< for good, to a further connection: the first kind of request may still be granted

    /// Where it came to is where a redirect led: for this once perhaps, or for a while.
    bool redirected() const { return asked->at.text != key; }
};

/// A download under way, over all its tries.
struct job
{
    detail::client_state& client;
    transfer& by;
    const download_options& options; ///< those of `shared_options`
    const std::shared_ptr<const download_options> shared_options;
    download_report& report;
    std::filesystem::path target; ///< or its folder, see download_options::content_disposition

    std::shared_ptr<const open_folder> folder{}; ///< that the file is to be in
    std::shared_ptr<destination> to{};           ///< once the target is known; work on the file executor holds on to it
    std::optional<existing_copy> copy{};         ///< that may be what the server has: to be asked for
    progress_notes notes{};
    unsigned mirror_tries = 0;
    bool may_use_ranges = true;      ///< until the server contradicts itself
    bool may_use_segments = true;    ///< until it refuses them what it may grant to one connection
    std::string given_url{};         ///< that the last one began at
    failed_tries failures{};
    std::optional<try_state> last{}; ///< begun anew by each, a mirror's too

    /// The copy is the file.
    void skip(const std::filesystem::path& name) const
    {
        report.skipped = true;
        report.path = name;
        report.bytes = copy->size;
    }

    void set_phase(download_progress::phase to_phase) const
    {
        if (options.progress) {
            options.progress->now = to_phase;
        }
    }
};

/// One try at one URL: the file under its final name, or found to be there already. Throws `failure`;
/// `errc::range_mismatch` where what there was could not be gone on with: it is discarded then.
boost::asio::awaitable<void> attempt(job& of, const std::string& url);

} // namespace tandem::http

#endif
