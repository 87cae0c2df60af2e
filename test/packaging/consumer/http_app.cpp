#include <tandem/http.hpp>

#include <boost/asio/io_context.hpp>

int main()
{
    boost::asio::io_context context;
    tandem::http::client client{context};
    return 0;
}
