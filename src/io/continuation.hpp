// What is called when a wait has ended: one type for every function object, so that what waits need not be a template.
#ifndef TANDEM_IO_CONTINUATION_HPP
#define TANDEM_IO_CONTINUATION_HPP

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace tandem::io {

/// A function object that takes an error_code, to be called once at the most. Never allocates: it has room for two
/// shared pointers and a pointer.
class continuation
{
    static constexpr std::size_t room = 48;

public:
    template <class Function>
        requires(!std::is_same_v<std::decay_t<Function>, continuation>)
    continuation(Function function) : actions_(&actions_of<Function>)
    {
        static_assert(sizeof(Function) <= room && alignof(Function) <= alignof(std::max_align_t));
        static_assert(std::is_nothrow_move_constructible_v<Function>);
        ::new (static_cast<void*>(place_)) Function(std::move(function));
    }

    continuation(continuation&& other) noexcept : actions_(std::exchange(other.actions_, nullptr))
    {
        if (actions_)
            actions_->move(place_, other.place_);
    }
    continuation& operator=(continuation&&) = delete;

    ~continuation()
    {
        if (actions_)
            actions_->destroy(place_);
    }

    void operator()(const boost::system::error_code& error) { actions_->call(place_, error); }

private:
    struct actions
    {
        void (*call)(void* function, const boost::system::error_code& error);
        void (*move)(void* target, void* source) noexcept; ///< and destroys the source
        void (*destroy)(void* function) noexcept;
    };

    template <class Function>
    static constexpr actions actions_of{
        .call = [](void* function, const boost::system::error_code& error) { (*static_cast<Function*>(function))(error); },
        .move =
            [](void* target, void* source) noexcept {
                auto& function = *static_cast<Function*>(source);
                ::new (target) Function(std::move(function));
                function.~Function();
            },
        .destroy = [](void* function) noexcept { static_cast<Function*>(function)->~Function(); }};

    const actions* actions_;
    alignas(std::max_align_t) std::byte place_[room];
};

} // namespace tandem::io

#endif
