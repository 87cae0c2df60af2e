#include "tandem_get/streamed_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

streamed_file::~streamed_file()
{
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void streamed_file::take(tandem::http::list_outcome& outcome)
{
    descriptor_ = ::open(outcome.report.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) {
        throw std::system_error(errno, std::generic_category(), outcome.report.path.string());
    }
    outcome.report.path = to_.name();
    folder_.reset();
}

int streamed_file::deliver() const
{
    try {
        if (descriptor_ >= 0) {
            to_.copy(descriptor_);
        }
    } catch (const std::system_error& error) {
        return error.code().value();
    }
    return 0;
}
