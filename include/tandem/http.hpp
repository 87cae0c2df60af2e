#ifndef TANDEM_HTTP_HPP
#define TANDEM_HTTP_HPP

/// Everything of tandem::http: a client that downloads files over pooled connections. A CMake target of its own,
/// `tandem::http`, which needs OpenSSL and Boost.URL and nothing of tandem's pools.

#include <tandem/http/client.hpp>
#include <tandem/http/error.hpp>
#include <tandem/http/file_name.hpp>
#include <tandem/http/options.hpp>

#endif
