#ifndef EXAMPLE_DOWNLOAD_INTERRUPTION_HPP
#define EXAMPLE_DOWNLOAD_INTERRUPTION_HPP

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_future.hpp>

#include <csignal>
#include <functional>
#include <future>
#include <mutex>
#include <utility>

/// Waits for the user to end the program (Ctrl-C, SIGTERM), and then stops what is under way, so that nothing half done
/// stays behind. The second time the program ends at once.
class interruption
{
public:
    explicit interruption(const boost::asio::any_io_executor& executor)
        : signals_(executor, SIGINT, SIGTERM),
          watching_(signals_.async_wait(boost::asio::use_future([this](boost::system::error_code error, int signal) {
              if (!error) {
                  come(signal);
              }
          })))
    {
    }
    interruption(const interruption&) = delete;
    interruption& operator=(const interruption&) = delete;
    ~interruption()
    {
        {
            const std::lock_guard guard(mutex_);
            signals_.cancel();
        }
        watching_.wait();
    }

    /// The signal that came; 0 while none has.
    int signal() const
    {
        const std::lock_guard guard(mutex_);
        return signal_;
    }

    /// While it lives, a signal calls `stop`, on any thread; at once where it has come before. One at a time.
    class [[nodiscard]] scope
    {
    public:
        scope(interruption& of, std::function<void()> stop) : of_(of)
        {
            const std::lock_guard guard(of_.mutex_);
            if (of_.signal_ != 0) {
                stop();
            }
            of_.stop_ = std::move(stop);
        }
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;
        ~scope()
        {
            const std::lock_guard guard(of_.mutex_);
            of_.stop_ = nullptr;
        }

    private:
        interruption& of_;
    };

private:
    void come(int signal)
    {
        const std::lock_guard guard(mutex_);
        signal_ = signal;
        signals_.clear();
        if (stop_) {
            stop_();
        }
    }

    mutable std::mutex mutex_;
    int signal_ = 0;
    std::function<void()> stop_;
    boost::asio::signal_set signals_;
    std::future<void> watching_;
};

#endif
