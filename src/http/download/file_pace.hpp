#ifndef TANDEM_SRC_HTTP_DOWNLOAD_FILE_PACE_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_FILE_PACE_HPP

#include "http/transfer.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>

namespace tandem::http {

/// Whether a file comes at `transfer_options::min_rate` over all of its connections together, while any of them reads a
/// body. Where it does not, they all end with `errc::too_slow`. On the download's strand.
class file_pace : public std::enable_shared_from_this<file_pace>
{
public:
    file_pace(const transfer::executor_type& strand, const transfer_options& options);

    /// While it lives, `by` reads a body of the file. Both outlive it.
    class [[nodiscard]] reading
    {
    public:
        reading(file_pace& pace, transfer& by);
        reading(const reading&) = delete;
        reading& operator=(const reading&) = delete;
        ~reading();

    private:
        file_pace& pace_;
        transfer& by_;
    };

    void add(std::uint64_t bytes) noexcept { seen_ += bytes; }

private:
    using clock = transfer::clock;

    struct reader
    {
        transfer* by;
        clock::duration excused; ///< of its time in which nothing could come
    };

    void arm();
    void look(clock::time_point now);

    const std::uint64_t needed_; ///< in a period
    const clock::duration period_;
    clock::time_point begin_{};                     ///< of the period
    std::optional<clock::time_point> idle_since_{}; ///< none reads: between two ranges, or before a retry
    std::uint64_t seen_ = 0;                        ///< in it
    std::list<reader> readers_{};
    boost::asio::steady_timer timer_;
};

} // namespace tandem::http

#endif
