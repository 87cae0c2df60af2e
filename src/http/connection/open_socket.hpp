#ifndef TANDEM_SRC_HTTP_CONNECTION_OPEN_SOCKET_HPP
#define TANDEM_SRC_HTTP_CONNECTION_OPEN_SOCKET_HPP

#include <descriptor.hpp>

#include <boost/system/error_code.hpp>

namespace tandem::http {

/// As async_connect() does, but not with a standard stream's number, so that what others print is not sent.
template <class Socket>
void open_socket(Socket& socket, const typename Socket::protocol_type& protocol, boost::system::error_code& error)
{
    socket.open(protocol, error);
    if (!error && socket.native_handle() < first_own_descriptor) {
        descriptor moved(socket.release(error));
        if (moved) {
            socket.assign(protocol, moved.get(), error);
            if (!error) {
                moved.release();
            }
        }
    }
}

} // namespace tandem::http

#endif
