// Calls a task's stop callbacks on a thread where they harm nobody, however long they take.
#ifndef TANDEM_TASK_STOP_CALLER_HPP
#define TANDEM_TASK_STOP_CALLER_HPP

#include <list>
#include <stop_token>

namespace tandem::detail {

/// A task's, to be asked to stop: a node, so that handing it over takes no memory.
using stop_request = std::list<std::stop_source>;

class stop_caller
{
public:
    /// Somebody may register callbacks from now on. Throws std::system_error where there can be no thread for them.
    virtual void prepare() = 0;

    /// Asks the source to stop, soon. Waits for nobody's code.
    virtual void call(stop_request request) noexcept = 0;

protected:
    ~stop_caller() = default;
};

} // namespace tandem::detail

#endif
