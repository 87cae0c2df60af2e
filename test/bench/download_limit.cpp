// bench_download_limit LIST FOLDER CONNECTIONS [CA_FILE]: downloads the URLs of LIST, one a line and all of one server
// that is given by an address, into FOLDER, over so many kept connections. What a client takes that trusts its server
// and does nothing but the least: one thread, epoll, recv or SSL_read, write.
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <strings.h>

namespace {

// Of a large file, 64 KiB at a time take half as long again, and 512 KiB gain little.
constexpr std::size_t buffer_size = 256 * 1024;

[[noreturn]] void fail(const std::string& what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

struct server
{
    bool tls = false;
    std::string authority;
    sockaddr_in address{};
};

struct list
{
    server from;
    std::vector<std::string> paths;
    std::size_t next = 0;
};

list read_list(const char* file)
{
    list result;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        const std::size_t host = line.find("://") + 3;
        const std::size_t path = line.find('/', host);
        if (result.paths.empty()) {
            server& to = result.from;
            to.tls = line.starts_with("https:");
            to.authority = line.substr(host, path - host);
            const std::size_t colon = to.authority.find(':');
            to.address.sin_family = AF_INET;
            to.address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(to.authority.substr(colon + 1))));
            if (::inet_pton(AF_INET, to.authority.substr(0, colon).c_str(), &to.address.sin_addr) != 1)
                throw std::runtime_error(line + ": not an address and a port");
        }
        result.paths.push_back(line.substr(path));
    }
    return result;
}

class connection
{
public:
    connection(list& what, int folder, SSL_CTX* context) : list_(what), folder_(folder)
    {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&what.from.address), sizeof what.from.address) != 0)
            fail("connect");
        if (context) {
            tls_.reset(::SSL_new(context));
            const std::string host = what.from.authority.substr(0, what.from.authority.find(':'));
            ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(tls_.get()), host.c_str());
            if (::SSL_set_fd(tls_.get(), socket_) != 1 || ::SSL_connect(tls_.get()) != 1)
                throw std::runtime_error("no TLS connection");
        }
        ::fcntl(socket_, F_SETFL, O_NONBLOCK);
        ask();
    }

    int socket() const { return socket_; }

    // Takes what has come; false after the last file.
    bool take(char* buffer)
    {
        std::size_t have = 0;
        for (bool more = true; more;) {
            std::size_t size = 0;
            more = receive(buffer + have, buffer_size - have, size) && tls_;
            have += size;
            // As much as has come of it in one write; a file's end is not waited for.
            if (have == buffer_size || have >= left_ || !more) {
                if (!use({buffer, have}))
                    return false;
                have = 0;
            }
        }
        return true;
    }

private:
    struct free_tls
    {
        void operator()(SSL* s) const { ::SSL_free(s); }
    };

    // False where there is nothing for now.
    bool receive(char* to, std::size_t room, std::size_t& size)
    {
        if (tls_) {
            if (::SSL_read_ex(tls_.get(), to, room, &size) == 1)
                return true;
            if (::SSL_get_error(tls_.get(), 0) != SSL_ERROR_WANT_READ)
                throw std::runtime_error("the TLS connection has ended");
            return false;
        }
        const ssize_t got = ::recv(socket_, to, room, 0);
        if (got > 0) {
            size = static_cast<std::size_t>(got);
            return true;
        }
        if (got == 0)
            throw std::runtime_error("the connection has ended");
        if (errno != EAGAIN)
            fail("recv");
        return false;
    }

    bool ask()
    {
        if (list_.next == list_.paths.size())
            return false;
        path_ = &list_.paths[list_.next++];
        request_.assign("GET ").append(*path_).append(" HTTP/1.1\r\nHost: ").append(list_.from.authority);
        request_.append("\r\n\r\n");
        // A request of this size always finds room in the socket's buffer.
        const bool sent = tls_ ? ::SSL_write(tls_.get(), request_.data(), static_cast<int>(request_.size())) > 0
                               : ::send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL) ==
                                     static_cast<ssize_t>(request_.size());
        if (!sent)
            fail("send");
        return true;
    }

    bool use(std::string_view bytes)
    {
        if (bytes.empty())
            return true;
        if (file_ < 0) {
            header_.append(bytes);
            const std::size_t end = header_.find("\r\n\r\n");
            if (end == std::string::npos)
                return true;
            left_ = length({header_.data(), end});
            bytes.remove_prefix(bytes.size() - (header_.size() - end - 4));
            header_.clear();
            file_ = ::openat(folder_, path_->substr(path_->rfind('/') + 1).c_str(),
                             O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
            if (file_ < 0)
                fail("open");
        }
        if (bytes.size() > left_)
            throw std::runtime_error("more than was promised");
        left_ -= bytes.size();
        while (!bytes.empty()) {
            const ssize_t written = ::write(file_, bytes.data(), bytes.size());
            if (written < 0)
                fail("write");
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        if (left_ != 0)
            return true;
        ::close(file_);
        file_ = -1;
        return ask();
    }

    static std::uint64_t length(std::string_view header)
    {
        if (!header.starts_with("HTTP/1.1 200 "))
            throw std::runtime_error(std::string(header.substr(0, header.find('\r'))));
        constexpr std::string_view name = "\r\nContent-Length: ";
        for (std::size_t at = header.find("\r\n"); at != std::string_view::npos; at = header.find("\r\n", at + 2)) {
            if (header.size() - at > name.size() && ::strncasecmp(header.data() + at, name.data(), name.size()) == 0) {
                std::uint64_t value = 0;
                std::from_chars(header.data() + at + name.size(), header.data() + header.size(), value);
                return value;
            }
        }
        throw std::runtime_error("no length");
    }

    list& list_;
    const int folder_;
    int socket_ = -1;
    int file_ = -1; // below 0: a header is awaited
    std::unique_ptr<SSL, free_tls> tls_;
    const std::string* path_ = nullptr;
    std::string request_, header_;
    std::uint64_t left_ = 0;
};

SSL_CTX* make_context(const char* ca_file)
{
    SSL_CTX* const context = ::SSL_CTX_new(::TLS_client_method());
    if (!context || ::SSL_CTX_load_verify_file(context, ca_file) != 1)
        throw std::runtime_error(std::string("cannot use ") + ca_file);
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    // Several records with one read.
    ::SSL_CTX_set_read_ahead(context, 1);
    ::SSL_CTX_set_default_read_buffer_len(context, buffer_size);
    return context;
}

void download(list& what, const char* folder, std::size_t connections, const char* ca_file)
{
    const int to = ::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    if (to < 0 || poll < 0)
        fail(folder);
    SSL_CTX* const context = what.from.tls ? make_context(ca_file) : nullptr;
    std::deque<connection> all;
    std::size_t busy = std::min(connections, what.paths.size());
    for (std::size_t i = 0; i != busy; ++i) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &all.emplace_back(what, to, context);
        if (::epoll_ctl(poll, EPOLL_CTL_ADD, all.back().socket(), &event) != 0)
            fail("epoll_ctl");
    }
    std::vector<char> buffer(buffer_size);
    std::vector<epoll_event> events(busy);
    while (busy != 0) {
        const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
        if (ready < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < ready; ++i) {
            auto* const at = static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (!at->take(buffer.data())) {
                ::epoll_ctl(poll, EPOLL_CTL_DEL, at->socket(), nullptr);
                --busy;
            }
        }
    }
}

} // namespace

int main(int argc, char** argv)
{
    try {
        if (argc < 4)
            return 2;
        list what = read_list(argv[1]);
        if (what.from.tls && argc != 5)
            return 2;
        download(what, argv[2], std::strtoul(argv[3], nullptr, 10), argc > 4 ? argv[4] : nullptr);
    } catch (const std::exception& e) {
        std::cerr << "bench_download_limit: " << e.what() << std::endl;
        return 1;
    }
}
