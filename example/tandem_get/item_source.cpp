#include "tandem_get/item_source.hpp"

#include "tandem_get/scheme.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace http = tandem::http;

namespace {

bool is_item(const std::string& line)
{
    const std::size_t begin = line.find_first_not_of(" \t");
    return begin != std::string::npos && line[begin] != '#';
}

} // namespace

item_source::item_source(std::vector<http::list_item> given, const std::optional<std::string>& list, complain wrong)
    : given_(std::move(given)), list_(list.value_or("")), complain_(std::move(wrong)), count_(given_.size()),
      ended_(!list)
{
    if (list) {
        reader_.emplace(*list);
        reading_.emplace(1);
    }
}

boost::asio::awaitable<std::optional<http::list_item>> item_source::next()
{
    if (std::optional<http::list_item> item = next_given()) {
        co_return item;
    }
    while (!stopped_) {
        if (std::optional<http::list_item> item = next_of_lines()) {
            co_return item;
        }
        if (ended_) {
            break;
        }
        const auto read = [this] { return reader_->read(); };
        lines_ = co_await reading_->async_run(read);
        lines_taken_ = 0;
        count_ += static_cast<std::uint64_t>(std::count_if(lines_.begin(), lines_.end(), is_item));
        ended_ = reader_->ended();
    }
    co_return std::nullopt;
}

std::optional<std::uint64_t> item_source::count() const
{
    return ended_ ? std::optional(count_) : std::nullopt;
}

void item_source::stop()
{
    stopped_ = true;
    if (reader_) {
        reader_->stop();
    }
}

std::optional<http::list_item> item_source::next_given()
{
    if (stopped_ || given_taken_ == given_.size()) {
        return std::nullopt;
    }
    return std::move(given_[given_taken_++]);
}

std::optional<http::list_item> item_source::next_of_lines()
{
    while (lines_taken_ < lines_.size()) {
        const std::string& line = lines_[lines_taken_++];
        ++line_number_;
        if (!is_item(line)) {
            continue;
        }
        try {
            if (std::optional<http::list_item> item = http::list_item::parse(line)) {
                check_mirrors(*item);
                return item;
            }
        } catch (const std::invalid_argument& wrong) {
            complain_((list_ == "-" ? "standard input" : list_) + ':' + std::to_string(line_number_), line,
                      wrong.what());
        }
    }
    return std::nullopt;
}
