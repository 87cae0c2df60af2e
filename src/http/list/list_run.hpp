#ifndef TANDEM_SRC_HTTP_LIST_LIST_RUN_HPP
#define TANDEM_SRC_HTTP_LIST_LIST_RUN_HPP

#include "http/spawn.hpp"
#include "http/transfer.hpp"

#include <tandem/http/download_list.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>

namespace tandem::http {

/// Downloads one item on the transfer's strand. Throws nothing but out of memory.
using item_download =
    std::function<boost::asio::awaitable<outcome<download_report>>(transfer& control, detail::download_request what)>;

/// A list under way. All on the strand of its transfer, but for the downloads themselves, which have one each.
class list_run : public std::enable_shared_from_this<list_run>
{
public:
    list_run(item_download download, std::shared_ptr<transfer> control, download_list what);

    /// To its end; once. Throws nothing but out of memory.
    boost::asio::awaitable<void> run();

    const list_report& report() const noexcept { return report_; }
    const std::exception_ptr& error() const noexcept { return error_; }

private:
    using outcome_ptr = std::shared_ptr<list_outcome>;

    boost::asio::awaitable<void> pull(std::shared_ptr<list_run> alive);
    boost::asio::awaitable<void> wait_for_room();
    bool has_room() const noexcept;
    void begin(list_item item);
    void downloaded(const outcome_ptr& one);
    void start_finish(const outcome_ptr& one);
    void ended(const list_outcome& one);
    void end_with(std::exception_ptr reason);
    void cancel_all();

    template <class Call>
    void tell(Call&& call);

    const item_download download_;
    const std::shared_ptr<transfer> control_;
    download_list list_;
    boost::asio::steady_timer room_; ///< for one more; pull() waits for it
    boost::asio::steady_timer over_; ///< run() waits for it
    std::list<std::shared_ptr<transfer>> downloads_{};
    std::list<std::shared_ptr<boost::asio::cancellation_signal>> finishes_{};
    boost::asio::cancellation_signal stop_pulling_{};
    bool pulling_ = false;
    bool stopping_ = false; ///< nothing more is begun
    std::uint64_t next_number_ = 0;
    list_report report_{};
    std::exception_ptr error_{}; ///< what ended the list before its end
};

} // namespace tandem::http

#endif
