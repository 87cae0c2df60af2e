#ifndef EXAMPLE_TANDEM_GET_REPORTER_HPP
#define EXAMPLE_TANDEM_GET_REPORTER_HPP

#include "tandem_get/json_lines.hpp"
#include "tandem_get/layout.hpp"
#include "tandem_get/meter.hpp"
#include "tandem_get/screen.hpp"

#include <tandem/http/download_list.hpp>

#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// How many files are where.
struct tally
{
    std::uint64_t begun = 0;
    std::uint64_t done = 0;
    std::uint64_t skipped = 0; ///< of them
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0; ///< of the files that are done
    std::uint64_t lost = 0;  ///< had begun to come when all was given up, and nothing was kept of them
    bool disk_full = false;
    bool results_lost = false; ///< some could not be written
};

/// Tells the user what becomes of each file, and what is under way. All on the screen's thread.
class reporter final : public tandem::http::list_observer
{
public:
    struct settings
    {
        bool quiet = false;
        std::optional<std::string> json{};
        std::filesystem::path folder = "."; ///< of files with no other
        std::string http_proxy_source{};    ///< of the proxy for http URLs: "http_proxy"
        std::string https_proxy_source{};
        bool compares = false;                 ///< a file that is there and the same stays
        std::string work{};                    ///< what is done with a file that is there
        std::function<void()> give_up = [] {}; ///< there is no use in going on
    };

    /// Throws std::system_error where the results of the work, or the file for JSON, cannot be written.
    reporter(screen& out, settings how);

    /// What the work on a file has come to: a line for stdout, and the same as JSON.
    void worked(std::uint64_t number, std::string line, boost::json::value json);

    /// A line of a list is none.
    void wrong_line(const std::string& where, const std::string& line, const std::string& cause);

    void began(std::uint64_t number, const tandem::http::list_item& item,
               const std::shared_ptr<const tandem::http::download_progress>& progress) override;
    void downloaded(const tandem::http::list_outcome& outcome) override;
    void ended(const tandem::http::list_outcome& outcome) override;

    const tally& counts() const { return counts_; }

    /// Says once more what has failed, up to some files, where that was said too many lines ago to be seen.
    void repeat_failures();

    /// As of now. `files`: how many there are, where that is known.
    screen_state state(std::optional<std::uint64_t> files);

    /// Results could not be written to `where`: says so, and gives up.
    void lose_results(const std::string& where, int error);

    /// Has all results written, and looks whether those that were printed are. Where that fails, says so and gives up.
    void flush();

private:
    struct download
    {
        std::string url{};
        std::string name{}; ///< what the list says, before it is printable
        bool is_printable = false;
        std::shared_ptr<const tandem::http::download_progress> progress{};
        meter::time_point start{};
        meter speed{};
        bool receiving = false;
        bool worked_on = false;
        std::uint64_t counted = 0; ///< received bytes that are in received_ already
        std::string line{};
        boost::json::value json{};
    };

    void say_failure(const std::string& line);
    void succeeded(const tandem::http::list_outcome& outcome, download& one, double seconds);
    void failed(file_result& result, const std::filesystem::path& path, const cause& why);
    bool is_lost(const tandem::http::list_item& item, const download& one) const;
    std::string name_proxy_source(std::string message, const std::string& url) const;
    file_state look_at(download& one, meter::time_point now);

    screen& out_;
    const settings how_;
    std::optional<json_lines> json_;
    std::map<std::uint64_t, download> under_way_;
    std::vector<std::string> failures_; ///< what was said of the first ones
    tally counts_;
    std::uint64_t received_ = 0; ///< bytes seen to come
    meter speed_;
};

#endif
