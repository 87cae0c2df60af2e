#ifndef EXAMPLE_TANDEM_GET_FILE_SERVER_HPP
#define EXAMPLE_TANDEM_GET_FILE_SERVER_HPP

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

/// Serves the files below one folder on 127.0.0.1, with kept connections, at a port that the system chooses.
class file_server
{
public:
    file_server(const boost::asio::any_io_executor& executor, const std::filesystem::path& root);
    file_server(const file_server&) = delete;
    file_server& operator=(const file_server&) = delete;

    /// Stops it. May be called from any thread.
    ~file_server();

    /// Of a file, given by its path below the root.
    std::string url(const std::filesystem::path& file) const;

private:
    class listener;
    std::shared_ptr<listener> listener_;
};

#endif
