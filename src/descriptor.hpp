// A file descriptor of ours. It is never 0, 1 or 2: where the program was started without its standard streams, the system
// gives these numbers to what is opened next, and what the program prints would go there.
#ifndef TANDEM_DESCRIPTOR_HPP
#define TANDEM_DESCRIPTOR_HPP

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace tandem {

/// The first number that is no standard stream's.
inline constexpr int first_own_descriptor = STDERR_FILENO + 1;

/// Another number for an open descriptor below `lowest`, which is closed; close-on-exec. Other numbers stay, negative ones
/// included. Where none is left, -1 with `errno`.
inline int move_descriptor(int number, int lowest = first_own_descriptor) noexcept
{
    if (number < 0 || number >= lowest)
        return number;
    const int moved = ::fcntl(number, F_DUPFD_CLOEXEC, lowest);
    const int error = errno;
    ::close(number);
    errno = error;
    return moved;
}

/// Closes it when it goes.
class descriptor
{
public:
    descriptor() = default;

    /// Takes over what a system call returned: nothing, with its `errno`, where that is negative.
    explicit descriptor(int number, int lowest = first_own_descriptor) noexcept : number_(move_descriptor(number, lowest)) {}

    descriptor(descriptor&& other) noexcept : number_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { close(); }

    explicit operator bool() const noexcept { return number_ >= 0; }
    int get() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

    /// False, with `errno`, where a write that had been accepted has failed: network file systems may say so only here.
    bool close() noexcept
    {
        const int number = release();
        return number < 0 || ::close(number) == 0 || errno == EINTR;
    }

private:
    int number_ = -1;
};

/// Opens /dev/null in the place of each standard stream that is closed, the wrong way round: whoever reads or writes it
/// fails by EBADF, as without it.
inline void open_standard_streams() noexcept
{
    for (int number = 0; number != first_own_descriptor; ++number)
        if (::fcntl(number, F_GETFD) < 0 && errno == EBADF) // the lowest number that is free is this one
            static_cast<void>(::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

} // namespace tandem

#endif
