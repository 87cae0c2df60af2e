// Tells this process from a child that it forked and that runs on as a copy of it, as after an exec that failed.
#ifndef TANDEM_PROCESS_MARK_HPP
#define TANDEM_PROCESS_MARK_HPP

#include <exception>

namespace tandem::process_mark {

/// From here on forked children are known. To be called before there are other threads.
void set() noexcept;

namespace detail {

enum state : unsigned char
{
    forked, // as the kernel leaves it
    own,
    unknown // the kernel cannot tell
};
inline constexpr unsigned char never_set = own;
inline const volatile unsigned char* mark = &never_set; // on a page that the kernel clears in every forked child

bool has_other_id() noexcept;

} // namespace detail

/// Whether this process was forked from the one that called set(), in any way that copies its memory: vfork() does not.
inline bool is_forked_child() noexcept
{
    const unsigned char mark = *detail::mark;
    return mark != detail::own && (mark == detail::forked || detail::has_other_id());
}

/// A forked child does not go on from here. The exit handlers of the process that it is a copy of are not its own to run.
void end_forked_child(int status = 0) noexcept;

/// Ends a forked child where it would leave the scope: with status 1 by an exception, else with 0.
class scope
{
public:
    scope() = default;
    ~scope()
    {
        if (is_forked_child())
            end_forked_child(std::uncaught_exceptions() == 0 ? 0 : 1);
    }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
};

} // namespace tandem::process_mark

#endif
