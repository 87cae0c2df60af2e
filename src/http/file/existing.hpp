#ifndef TANDEM_SRC_HTTP_FILE_EXISTING_HPP
#define TANDEM_SRC_HTTP_FILE_EXISTING_HPP

#include "http/file/open_folder.hpp"
#include "http/transfer.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tandem::http {

/// A file that has the target's name already.
struct existing_copy
{
    std::uint64_t size = 0;
    std::chrono::sys_seconds written{};
};

/// What can be said before anything is asked for. Returns the file that the server is to be asked about. Throws
/// `failure` where there is something that must not be replaced.
std::optional<existing_copy> look_at_existing(const open_folder& folder, const std::string& name,
                                              const download_options& options);

/// The file of that name, if that is what its bytes sum up to: reads them all. Throws `failure`.
boost::asio::awaitable<std::optional<existing_copy>> find_with_sum(transfer& by,
                                                                   std::shared_ptr<const open_folder> folder,
                                                                   std::string name, const checksum& expected);

} // namespace tandem::http

#endif
