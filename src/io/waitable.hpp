// What a thread can wait for without a context.
#ifndef TANDEM_IO_WAITABLE_HPP
#define TANDEM_IO_WAITABLE_HPP

namespace tandem::io {

class waitable
{
public:
    /// Readable when there is something, as poll() says it; negative where nothing comes any more.
    virtual int native_handle() const noexcept = 0;

protected:
    ~waitable() = default;
};

} // namespace tandem::io

#endif
