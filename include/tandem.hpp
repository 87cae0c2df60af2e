// tandem: what waits on threads, what computes in processes. Everything but the download part, tandem/http.hpp.
#ifndef TANDEM_HPP
#define TANDEM_HPP

#include <tandem/cancellation_source.hpp>
#include <tandem/codec.hpp>
#include <tandem/cpu_count.hpp>
#include <tandem/error.hpp>
#include <tandem/launch.hpp>
#include <tandem/map.hpp>
#include <tandem/process_pool.hpp>
#include <tandem/run_options.hpp>
#include <tandem/task.hpp>
#include <tandem/task_label.hpp>
#include <tandem/this_task.hpp>
#include <tandem/this_worker.hpp>
#include <tandem/thread_pool.hpp>
#include <tandem/worker.hpp>
#include <tandem/worker_initializer.hpp>
#include <tandem/worker_limits.hpp>
#include <tandem/worker_output.hpp>

#endif
