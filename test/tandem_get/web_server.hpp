#ifndef TANDEM_TEST_TANDEM_GET_WEB_SERVER_HPP
#define TANDEM_TEST_TANDEM_GET_WEB_SERVER_HPP

#include "support/process.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace test {

/// nginx, as an ordinary process of the test's with everything that it needs in a folder; ended with this.
class web_server
{
public:
    /// `servers` are the blocks of its configuration, with "PLAIN", "SECURE", "OTHER" standing for ports on 127.0.0.1
    /// and "FOLDER" for the folder, below which "www" is what it serves and "server.pem", "server.key" are its
    /// certificate.
    web_server(const std::filesystem::path& folder, const std::string& servers);

    std::filesystem::path www() const { return folder_ / "www"; }

    std::string plain(const std::string& path) const { return url("http", plain_, path); }
    std::string secure(const std::string& path) const { return url("https", secure_, path); }
    std::string other(const std::string& path) const { return url("http", other_, path); }

    /// A line for each request: what was asked, the status, the body's bytes, the protocol, the connection's number.
    std::string log() const;

private:
    static std::string url(const std::string& scheme, unsigned port, const std::string& path);
    bool start(const std::string& servers);
    bool answers() const;

    std::filesystem::path folder_;
    unsigned plain_ = 0;
    unsigned secure_ = 0;
    unsigned other_ = 0;
    std::unique_ptr<process> nginx_{};
};

} // namespace test

#endif
