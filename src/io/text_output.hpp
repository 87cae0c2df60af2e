// Text on its way out, for which nobody waits.
#ifndef TANDEM_IO_TEXT_OUTPUT_HPP
#define TANDEM_IO_TEXT_OUTPUT_HPP

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace tandem::io {

/// One call at a time.
class text_output
{
public:
    virtual ~text_output() = default;

    /// Writes the beginning of `text`, as far as that does not block. How many bytes. `error` is would_block where there is
    /// no room for more now, and another where nothing can be written.
    virtual std::size_t write_some(std::string_view text, boost::system::error_code& error) noexcept = 0;
};

/// This process's stderr: what descriptor 2 is at the time of each call.
std::unique_ptr<text_output> standard_error();

} // namespace tandem::io

#endif
