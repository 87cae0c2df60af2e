#ifndef TANDEM_SRC_HTTP_EXCHANGE_SINK_BODY_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_SINK_BODY_HPP

#include "http/exchange/sink.hpp"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>

namespace tandem::http {

/// A Body of Beast's that hands on what is parsed where it lies, with no copy of it.
struct sink_body
{
    using value_type = const sink*; ///< set before the first byte of a body is parsed

    class reader
    {
    public:
        template <bool IsRequest, class Fields>
        reader(boost::beast::http::header<IsRequest, Fields>&, value_type& to) : to_(to)
        {
        }

        void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) { error = {}; }

        template <class Buffers>
        std::size_t put(const Buffers& buffers, boost::system::error_code& error)
        {
            error = {};
            std::size_t size = 0;
            for (const boost::asio::const_buffer piece : boost::beast::buffers_range_ref(buffers)) {
                (*to_)({static_cast<const char*>(piece.data()), piece.size()});
                size += piece.size();
            }
            return size;
        }

        void finish(boost::system::error_code& error) { error = {}; }

    private:
        value_type& to_;
    };
};

} // namespace tandem::http

#endif
