#ifndef EXAMPLE_TANDEM_GET_INTERRUPTION_HPP
#define EXAMPLE_TANDEM_GET_INTERRUPTION_HPP

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>
#include <utility>

#include <signal.h>

/// Waits for the user to end the program (Ctrl-C, SIGTERM, a terminal that is closed), and then stops what is under way.
/// The second time the program ends at once. A signal that whoever started the program has ignored stays ignored: by a
/// shell for what a script runs in the background, by nohup(1).
class interruption
{
public:
    /// `stop` is called on the context's thread, once.
    interruption(boost::asio::io_context& context, std::function<void()> stop)
        : stop_(std::move(stop)), signals_(context)
    {
        for (const int each : {SIGINT, SIGTERM, SIGHUP}) {
            if (!is_ignored(each)) {
                signals_.add(each);
            }
        }
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

    /// It no longer keeps the context's run() going, and the next signal ends the program at once.
    void end()
    {
        signals_.clear();
        signals_.cancel();
    }

private:
    static bool is_ignored(int signal)
    {
        struct sigaction now
        {
        };
        return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
    }

    std::function<void()> stop_;
    int signal_ = 0;
    boost::asio::signal_set signals_;
};

#endif
