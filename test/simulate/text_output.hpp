// The program's stderr in the simulated world: full for a while, or for ever.
#ifndef TANDEM_TEST_SIMULATE_TEXT_OUTPUT_HPP
#define TANDEM_TEST_SIMULATE_TEXT_OUTPUT_HPP

#include <simulate/world.hpp>

#include <io/text_output.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace simulate {

class text_output final : public tandem::io::text_output
{
public:
    /// What it takes is added to `shown`. Where `is_read`, somebody reads it at some time; else nobody ever does.
    text_output(world& w, std::string& shown, bool is_read)
        : world_(w), shown_(shown), reader_(world_.add({.name = "somebody reads stderr",
                                                        .can = [this, is_read] { return is_read && unread_ != 0; },
                                                        .act = [this] { unread_ = 0; }}))
    {
    }
    ~text_output() override { world_.forget(reader_); }

    std::size_t write_some(std::string_view text, boost::system::error_code& error) noexcept override
    {
        constexpr std::size_t capacity = 2500;
        const std::size_t size = std::min(text.size(), capacity - unread_);
        shown_ += text.substr(0, size);
        unread_ += size;
        error = {};
        if (size != text.size())
            error = boost::asio::error::would_block;
        return size;
    }

private:
    world& world_;
    std::string& shown_;
    std::size_t unread_ = 0;
    world::actor_id reader_;
};

} // namespace simulate

#endif
