#include "tandem_get/session.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace asio = boost::asio;

session::session() : context_(1), timer_(context_) {}

void session::heed_signals()
{
    if (!interruption_) {
        interruption_.emplace(context_, [this] { cancel(); });
    }
}

void session::run(asio::awaitable<void> work, std::function<std::vector<std::string>(screen::size)> draw)
{
    draw_ = std::move(draw);
    heed_signals();
    asio::co_spawn(context_, std::move(work),
                   asio::bind_cancellation_slot(cancel_.slot(), [this](std::exception_ptr error) {
                       failure_ = cancelled_ ? nullptr : error;
                       ended_ = true;
                       timer_.cancel();
                       interruption_->end();
                   }));
    asio::co_spawn(context_, keep_drawing(), [](std::exception_ptr error) {
        if (error) {
            std::rethrow_exception(error);
        }
    });
    context_.run();
    screen_.show();
}

void session::cancel()
{
    if (std::exchange(cancelled_, true)) {
        return;
    }
    // Not within the call of whoever asks for it: that may be the work itself.
    asio::post(context_, [this] {
        if (on_cancel_) {
            on_cancel_();
        }
        cancel_.emit(asio::cancellation_type::terminal);
    });
}

asio::awaitable<void> session::keep_drawing()
{
    while (!ended_) {
        timer_.expires_after(std::chrono::milliseconds(100));
        boost::system::error_code ignored;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        std::vector<std::string> lines = draw_(screen_.dimensions());
        // Once it is to end, the next signal ends it at once, and must not leave the cursor amidst of lines.
        const bool shown = screen_.is_terminal() && !ended_ && !cancelled_;
        screen_.show(shown ? lines : std::vector<std::string>());
    }
}
