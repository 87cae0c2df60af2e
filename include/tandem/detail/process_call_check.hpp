// Says why a call of a process pool's async_run is none.
#ifndef TANDEM_DETAIL_PROCESS_CALL_CHECK_HPP
#define TANDEM_DETAIL_PROCESS_CALL_CHECK_HPP

#include <tandem/detail/call_check.hpp>

namespace tandem::detail {

template <class Work>
struct is_process_work : std::bool_constant<is_bound_task<std::decay_t<Work>>>
{
};

template <class Work>
struct process_work_check : work_check<std::decay_t<Work>, process_work_check<Work>>
{
    static_assert(process_work_check::is_said,
                  "tandem: a process_pool runs tasks only, since a callable cannot travel to another process. Write "
                  "cpu.async_run(tandem::task<f>(arguments...)) with f a function or a captureless lambda, or run "
                  "the callable on a thread_pool.");
};

using refused_process_runs = refused_runs<is_process_work, process_work_check>;

} // namespace tandem::detail

#endif
