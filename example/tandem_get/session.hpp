#ifndef EXAMPLE_TANDEM_GET_SESSION_HPP
#define EXAMPLE_TANDEM_GET_SESSION_HPP

#include "tandem_get/interruption.hpp"
#include "tandem_get/screen.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// One thread's work, from its beginning to its end or a signal, with the screen drawn ten times a second.
class session
{
public:
    session();

    boost::asio::io_context& context() { return context_; }
    screen& out() { return screen_; }

    /// From now on a signal ends the work in order. Before, it ends the program at once: also where that waits for
    /// somebody to open a FIFO. run() does it too.
    void heed_signals();

    /// Runs `work`; meanwhile shows what `draw` returns, for a terminal of the size that it is given; `draw` is called
    /// for no terminal too. Returns when `work` has ended, by itself or cancelled. Called once.
    void run(boost::asio::awaitable<void> work, std::function<std::vector<std::string>(screen::size)> draw);

    /// Cancels the work, also at a signal, and calls `function` then.
    void cancel();
    void on_cancel(std::function<void()> function) { on_cancel_ = std::move(function); }

    /// What the work has thrown; null where it was cancelled.
    const std::exception_ptr& failure() const { return failure_; }

    /// That ended the work; 0 where none has.
    int signal() const { return interruption_ ? interruption_->signal() : 0; }

private:
    boost::asio::awaitable<void> keep_drawing();

    boost::asio::io_context context_;
    screen screen_;
    boost::asio::cancellation_signal cancel_;
    std::function<void()> on_cancel_;
    std::function<std::vector<std::string>(screen::size)> draw_;
    boost::asio::steady_timer timer_;
    std::optional<interruption> interruption_;
    std::exception_ptr failure_;
    bool cancelled_ = false;
    bool ended_ = false;
};

#endif
