#ifndef EXAMPLE_TANDEM_GET_SCHEME_HPP
#define EXAMPLE_TANDEM_GET_SCHEME_HPP

#include "tandem_get/item_source.hpp"

#include <tandem/http/client.hpp>
#include <tandem/http/download_list.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Whether it is a URL but for its scheme: "host/file", "example.org", "localhost:8080", "[::1]/file".
bool lacks_scheme(std::string_view url);

/// Whether it is an absolute URL, whatever its scheme, or one without: anything else is no URL for sure.
bool may_be_url(std::string_view word);

/// Throws `std::invalid_argument` for a mirror that can be none.
void check_mirrors(const tandem::http::list_item& item);

/// Gives the items of a source a scheme where they have none: https, or http where nothing at all answers by https, which
/// is tried once for each host. While a host is asked, its items wait, and others go before them. All on one thread.
class scheme_finder
{
public:
    /// Is told of the first URL of a host that is asked by http.
    using tell = std::function<void(const std::string& url)>;

    /// `limits` are a download's: its time-outs hold for asking a host too, and `https_only`. Both references outlive
    /// this, and the executor's work ends before it does.
    scheme_finder(item_source& source, const tandem::http::client& client, const tandem::http::download_options& limits,
                  const boost::asio::any_io_executor& executor, tell is_http);

    /// The next one, or nothing at the end. Not twice at once.
    boost::asio::awaitable<std::optional<tandem::http::list_item>> next();

    /// Has next() return nothing from now on, also one that waits.
    void stop();

private:
    struct host
    {
        std::optional<bool> secure{}; ///< nothing while it is asked
        bool told = false;
        std::vector<tandem::http::list_item> waiting{};
        boost::asio::cancellation_signal cancel{};
    };

    void take(tandem::http::list_item item);
    void answered(host& one);
    boost::asio::awaitable<bool> answers_by_https(std::string url) const;
    boost::asio::awaitable<void> pull();

    item_source& source_;
    const tandem::http::client& client_;
    const tandem::http::download_options limits_;
    const tell is_http_;
    boost::asio::steady_timer changed_;

    std::map<std::string, host, std::less<>> hosts_;
    std::deque<tandem::http::list_item> ready_;
    std::size_t waiting_ = 0; // items, for their hosts
    std::exception_ptr failure_; // of the source
    bool pulling_ = false;
    bool ended_ = false; // the source has no more
    bool stopped_ = false;
};

#endif
