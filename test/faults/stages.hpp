// The table of moments at which a worker commits a fault: each stage is a task that hosts it.
#ifndef TANDEM_TEST_FAULTS_STAGES_HPP
#define TANDEM_TEST_FAULTS_STAGES_HPP

#include <faults/completion.hpp>

#include <tandem/process_pool.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace faults {

/// Who commits it.
enum class place
{
    decoding, ///< the serialization of an argument
    task,
    encoding, ///< the serialization of the result
    between,  ///< the worker's own loop, which is in no task
    thread    ///< a thread that the task started
};

enum class moment
{
    at_work,      ///< while other tasks run and wait
    at_first_run, ///< the same, in a task that may be run again
    when_idle,    ///< when every task has completed
    at_exit,      ///< while the pool lets its workers go
    when_asked    ///< when a shutdown asks the task to stop
};

enum class progress
{
    sent,     ///< not begun: whatever becomes of its worker, it is run by another one
    begun,
    delivered ///< the result was sent before
};

/// What a stage is to submit.
struct order
{
    tandem::process_pool& pool;
    std::size_t fault;
    std::string folder; ///< of a gate, where parent and worker leave files for each other
    tandem::run_options options;
    const completion& faulty;
};

struct stage
{
    const char* name;
    const char* meaning;
    place where;
    moment when;
    progress at; ///< how far the faulty task has come
    void (*submit)(const order&);
    bool needs_pipe = false; ///< for a large value, which goes through shared memory where there is any
};

std::span<const stage> all_stages();

/// A column of the table that is no stage of a task.
struct other_column
{
    const char* name;
    const char* meaning;
};
inline constexpr other_column initializer_columns[] = {{"init", "in every worker's initializer"},
                                                       {"init-1", "in the first worker's initializer"}};

/// What the faulty task completes with where the fault does no harm.
inline constexpr const char* right_answer = "right";

} // namespace faults

#endif
