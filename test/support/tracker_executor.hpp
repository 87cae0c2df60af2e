// An executor that knows where it is: which trackers run the current function, and whether that is inside of a call
// that initiates an operation.
#ifndef TANDEM_TEST_SUPPORT_TRACKER_EXECUTOR_HPP
#define TANDEM_TEST_SUPPORT_TRACKER_EXECUTOR_HPP

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <concepts>
#include <utility>

namespace test {

/// Whether the tracker with this id runs the calling function.
bool runs_on_tracker(int id) noexcept;

/// Whether the calling function was called, directly or not, inside of an initiating_scope.
bool is_initiating() noexcept;

/// To be held around the call of an initiating function.
class initiating_scope
{
public:
    initiating_scope() noexcept;
    ~initiating_scope();
    initiating_scope(const initiating_scope&) = delete;
    initiating_scope& operator=(const initiating_scope&) = delete;
};

class tracker_executor
{
public:
    // A template, so that asking whether a tracker is copyable does not ask whether it is an executor.
    template <class Inner>
    requires(!std::same_as<Inner, tracker_executor>) explicit tracker_executor(const Inner& inner)
        : inner_(inner), id_(new_id())
    {
    }

    int id() const noexcept { return id_; }

    template <class Function>
    void execute(Function&& function) const
    {
        inner_.execute([id = id_, f = std::forward<Function>(function)]() mutable {
            const running_scope scope(id);
            std::move(f)();
        });
    }

    template <class Property>
    requires boost::asio::can_require_v<boost::asio::any_io_executor, Property>
        tracker_executor require(const Property& p)
    const { return {boost::asio::require(inner_, p), id_}; }

    template <class Property>
    requires(boost::asio::can_prefer_v<boost::asio::any_io_executor, Property> &&
             !boost::asio::can_require_v<boost::asio::any_io_executor, Property>) tracker_executor
        prefer(const Property& p)
    const { return {boost::asio::prefer(inner_, p), id_}; }

    template <class Property>
    requires boost::asio::can_query_v<boost::asio::any_io_executor, Property>
    decltype(auto) query(const Property& p) const { return boost::asio::query(inner_, p); }

    friend bool operator==(const tracker_executor& a, const tracker_executor& b) noexcept
    {
        return a.id_ == b.id_ && a.inner_ == b.inner_;
    }
    friend bool operator!=(const tracker_executor& a, const tracker_executor& b) noexcept { return !(a == b); }

private:
    class running_scope
    {
    public:
        explicit running_scope(int id);
        ~running_scope();
        running_scope(const running_scope&) = delete;
        running_scope& operator=(const running_scope&) = delete;
    };

    tracker_executor(boost::asio::any_io_executor inner, int id) : inner_(std::move(inner)), id_(id) {}
    static int new_id() noexcept;

    boost::asio::any_io_executor inner_;
    int id_;
};

} // namespace test

#endif
