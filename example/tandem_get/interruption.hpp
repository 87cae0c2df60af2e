#ifndef EXAMPLE_TANDEM_GET_INTERRUPTION_HPP
#define EXAMPLE_TANDEM_GET_INTERRUPTION_HPP

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <functional>
#include <utility>

/// Waits for the user to end the program (Ctrl-C, SIGTERM), and then stops what is under way. The second time the
/// program ends at once.
class interruption
{
public:
    /// `stop` is called on the context's thread, once.
    interruption(boost::asio::io_context& context, std::function<void()> stop)
        : stop_(std::move(stop)), signals_(context, SIGINT, SIGTERM)
    {
        signals_.async_wait([this](boost::system::error_code error, int signal) {
            if (!error) {
                signal_ = signal;
                signals_.clear(); // the second one does what it does by default
                stop_();
            }
        });
    }
    interruption(const interruption&) = delete;
    interruption& operator=(const interruption&) = delete;

    /// The signal that came; 0 while none has.
    int signal() const { return signal_; }

    /// It no longer keeps the context's run() going.
    void end() { signals_.cancel(); }

private:
    std::function<void()> stop_;
    int signal_ = 0;
    boost::asio::signal_set signals_;
};

#endif
