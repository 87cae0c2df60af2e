// A status page mapped into this process.
#ifndef TANDEM_STATUS_SHARED_PAGE_HPP
#define TANDEM_STATUS_SHARED_PAGE_HPP

#include <descriptor.hpp>
#include <status/status_page.hpp>

namespace tandem::status {

/// The pool's: unmapped when this goes.
class shared_page
{
public:
    /// Makes one. It is sealed: the other side cannot shrink it, at which reading would raise SIGBUS.
    /// Throws boost::system::system_error.
    shared_page();
    ~shared_page();
    shared_page(const shared_page&) = delete;
    shared_page& operator=(const shared_page&) = delete;

    status_page& operator*() const noexcept { return *page_; }
    status_page* operator->() const noexcept { return page_; }

    /// Its descriptor's, to be inherited by the worker; close-on-exec.
    int number() const noexcept { return file_.get(); }

    /// When the worker has it.
    void close_descriptor() noexcept { file_.close(); }

private:
    descriptor file_;
    status_page* page_ = nullptr;
};

/// The worker's: mapped as long as the process lives, and `fd` closed. Throws boost::system::system_error.
status_page& map_inherited_page(int fd);

} // namespace tandem::status

#endif
