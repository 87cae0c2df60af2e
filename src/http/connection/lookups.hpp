// Look-ups of hosts, on threads that nobody ever waits for.
#ifndef TANDEM_SRC_HTTP_CONNECTION_LOOKUPS_HPP
#define TANDEM_SRC_HTTP_CONNECTION_LOOKUPS_HPP

#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tandem::http {

/// One host's. All but its name is for `lookups` alone until `done` was called.
struct lookup
{
    enum class state
    {
        waiting, ///< for a thread
        running, ///< on a thread
        expected ///< from somebody else
    };

    explicit lookup(std::string name) : host(std::move(name)) {}

    const std::string host;
    boost::system::error_code error{};
    std::vector<boost::asio::ip::address> addresses{};
    bool no_thread = false; ///< why it failed
    state now = state::waiting; ///< as long as it has not ended
    std::function<void()> done{}; ///< null once it has ended, or nobody wants it any more
    std::list<std::shared_ptr<lookup>>::iterator place{};
};

/// A context's look-ups: eight at once, on a thread each. One thread stays for the next look-up, others end where none
/// waits: where the system gives but one, that one does all.
///
/// `getaddrinfo` cannot be interrupted. So a look-up that nobody wants any more leaves its place to the next one, and its
/// thread to itself. A thread that hangs there outlives the context, whose destructor does not wait for it; that is why
/// it shares this object. No more are started where 64 are busy in the process; who waits then waits for one of them.
class lookups : public std::enable_shared_from_this<lookups>
{
public:
    /// Those of `context`, whose end is theirs.
    static std::shared_ptr<lookups> get(boost::asio::execution_context& context);

    /// By the system. `done`, which must not block, is called once from any thread, unless the look-up is abandoned or
    /// the context ends before.
    void start(const std::shared_ptr<lookup>& one, std::function<void()> done);

    /// The same of what somebody else looks up, and then ends by `finish`.
    void expect(const std::shared_ptr<lookup>& one, std::function<void()> done);
    void finish(lookup& one, const boost::system::error_code& error, std::vector<boost::asio::ip::address> addresses);

    /// `done` is not called any more.
    void abandon(lookup& one);

private:
    class service;
    using list = std::list<std::shared_ptr<lookup>>;

    void start_threads();
    bool start_thread(const std::shared_ptr<lookup>& first);
    bool may_take() const;
    std::shared_ptr<lookup> take_first();
    std::shared_ptr<lookup> wait_for_next(std::unique_lock<std::mutex>& lock);
    void run(std::shared_ptr<lookup> one);
    void end(lookup& one);
    void close();
    void notify_fork(boost::asio::execution_context::fork_event event);

    std::mutex mutex_;
    std::condition_variable quiet_; ///< nothing runs
    list waiting_{};
    list running_{}; ///< a thread each
    list expected_{};
    std::size_t wanted_ = 0; ///< of the running ones
    std::unique_ptr<std::condition_variable> wake_ = std::make_unique<std::condition_variable>();
    std::size_t idle_ = 0; ///< threads, one at most, that wait for that
    bool closed_ = false;
};

} // namespace tandem::http

#endif
