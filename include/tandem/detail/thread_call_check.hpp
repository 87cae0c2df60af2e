// Says why a call of a thread pool's async_run is none.
#ifndef TANDEM_DETAIL_THREAD_CALL_CHECK_HPP
#define TANDEM_DETAIL_THREAD_CALL_CHECK_HPP

#include <tandem/detail/call_check.hpp>
#include <tandem/detail/run_signature.hpp>
#include <tandem/detail/thread_work.hpp>

#include <stop_token>

namespace tandem::detail {

template <class Work>
concept callable_work =
    !is_task_function<Work> && (std::invocable<Work, std::stop_token> || std::invocable<Work>);

template <class Work>
concept thread_work = callable_work<std::decay_t<Work>> && std::is_constructible_v<std::decay_t<Work>, Work> &&
                      deliverable<typename work_traits<std::decay_t<Work>>::result>;

template <class Work>
struct is_thread_work : std::bool_constant<thread_work<Work>>
{
};

template <class Work>
struct thread_work_check : work_check<std::decay_t<Work>, thread_work_check<Work>>
{
    using work = std::decay_t<Work>;
    static constexpr bool is_callable = callable_work<work>;
    static constexpr bool is_kept = std::is_constructible_v<work, Work>;

    static_assert(is_callable || !is_coroutine<work>,
                  "tandem: a coroutine that was made already is none of a pool's. Give the thread_pool what makes it: "
                  "io.async_run([=] { return f(a, b); }).");
    static_assert(is_callable || thread_work_check::is_said || is_coroutine<work>,
                  "tandem: a thread_pool runs what can be called without arguments or with a std::stop_token. Bind the "
                  "arguments: io.async_run([=] { return f(a, b); }) or io.async_run(tandem::task<f>(a, b)).");
    static_assert(!is_callable || is_kept, "tandem: the work cannot be copied. Move it: async_run(std::move(work)).");
    static_assert(!is_callable || !is_kept,
                  "tandem: a result needs a default constructor: a failed operation completes with one. Give it one, or return "
                  "a std::optional of it.");
};

using refused_thread_runs = refused_runs<is_thread_work, thread_work_check>;

} // namespace tandem::detail

#endif
