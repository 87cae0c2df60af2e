#ifndef EXAMPLE_TANDEM_GET_ITEM_SOURCE_HPP
#define EXAMPLE_TANDEM_GET_ITEM_SOURCE_HPP

#include "tandem_get/line_reader.hpp"

#include <tandem/http/download_list.hpp>
#include <tandem/thread_pool.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// What is to be downloaded: first what the command line names, then the lines of a list, which are read as they are
/// needed, on a thread of their own, so that a slow list holds up nothing.
class item_source
{
public:
    /// Is told of a line that is none: where it is ("urls.txt:12"), its text, and what is wrong.
    using complain = std::function<void(const std::string& where, const std::string& line, const std::string& cause)>;

    /// `list` is a file, "-" for the standard input, or nothing. Throws std::system_error where it cannot be opened.
    item_source(std::vector<tandem::http::list_item> given, const std::optional<std::string>& list, complain wrong);

    /// The next one, or nothing at the end. Not twice at once.
    boost::asio::awaitable<std::optional<tandem::http::list_item>> next();

    /// How many there are, wrong lines included; nothing while the end has not been seen.
    std::optional<std::uint64_t> count() const;

    /// Has next() return nothing from now on, also one that waits.
    void stop();

private:
    std::optional<tandem::http::list_item> next_given();
    std::optional<tandem::http::list_item> next_of_lines();

    std::vector<tandem::http::list_item> given_;
    const std::string list_;
    const complain complain_;
    std::optional<line_reader> reader_; // ends after the thread that uses it
    std::optional<tandem::thread_pool> reading_;

    std::size_t given_taken_ = 0;
    std::vector<std::string> lines_;
    std::size_t lines_taken_ = 0;
    std::uint64_t line_number_ = 0;
    std::uint64_t count_;
    bool ended_ = false;
    bool stopped_ = false;
};

#endif
