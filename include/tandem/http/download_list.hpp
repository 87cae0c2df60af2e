#ifndef TANDEM_HTTP_DOWNLOAD_LIST_HPP
#define TANDEM_HTTP_DOWNLOAD_LIST_HPP

#include <tandem/detail/same_build.hpp>
#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::http {

/// One file of a list.
struct list_item
{
    std::string url{};
    std::filesystem::path name{}; ///< below the list's folder; empty: made of the URL, by file_name()
    std::optional<checksum> expected{};
    std::vector<std::string> mirrors{};

    /// Of a line such as "https://host/a.iso sha256=0a1b... out=b.iso mirror=https://other/a.iso": a URL, then options,
    /// apart by spaces or tabs, their names in letters of either case. Nothing for an empty line and one that begins
    /// with '#'. Throws `std::invalid_argument` for an option that is none of these, a bad checksum, an empty `mirror`,
    /// and an `out` that is absolute or has a "..".
    static std::optional<list_item> parse(std::string_view line);
};

/// What became of one.
struct list_outcome
{
    std::uint64_t number = 0; ///< of the item in the list, from 0
    list_item item{};
    std::exception_ptr error{};  ///< null where the file is there
    download_report report{};    ///< where it is
};

/// Is told of each. Called on a strand of the list's, one call at a time; what a call throws ends the list.
class list_observer
{
public:
    virtual ~list_observer() = default;

    /// Its download begins.
    virtual void began(std::uint64_t /*number*/, const list_item& /*item*/,
                       const std::shared_ptr<const download_progress>& /*progress*/)
    {
    }

    /// Its download has ended; `finish` has yet to be called.
    virtual void downloaded(const list_outcome& /*outcome*/) {}

    /// All is over with it.
    virtual void ended(const list_outcome& /*outcome*/) {}
};

/// A list of files to be downloaded, of any length: an item is asked for when there is a place for it, so memory does
/// not grow with the list.
struct download_list
{
    /// The next item, or nothing at the end, after which it is not called again. One call at a time. What it throws
    /// ends the list: what is under way is completed first.
    std::function<boost::asio::awaitable<std::optional<list_item>>()> next{};

    std::filesystem::path folder = "."; ///< exists
    std::size_t parallel = 16;          ///< downloads at once. At least 1. An item's time runs from when it has its place
    download_options each{};            ///< `progress`, `expected`, `mirrors` and `not_written_since` are the list's own

    /// Called for each file that is there, beside the further downloads: what it throws is the item's error, what it
    /// puts into the outcome counts. Where `max_unfinished` of them have not returned, downloads wait.
    std::function<boost::asio::awaitable<void>(list_outcome&)> finish{};
    std::size_t max_unfinished = 64; ///< At least 1.

    std::shared_ptr<list_observer> observer{};
};

/// How far a list came.
struct list_report
{
    std::uint64_t succeeded = 0;                   ///< skipped ones included
    std::uint64_t skipped = 0;                     ///< that were there
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;                       ///< of the files
    std::uint64_t received = 0;                    ///< of bodies
    std::chrono::steady_clock::duration elapsed{};
};

} // namespace tandem::http

#endif
