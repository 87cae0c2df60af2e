#ifndef TANDEM_HTTP_HPP
#define TANDEM_HTTP_HPP

/// Everything of tandem::http: requests and downloads over pooled connections. A CMake target of its own,
/// `tandem::http`, which needs OpenSSL and Boost.URL and nothing of tandem's pools. What joins the two is in
/// tandem/http/then.hpp.

#include <tandem/http/checksum.hpp>
#include <tandem/http/client.hpp>
#include <tandem/http/download_list.hpp>
#include <tandem/http/downloader.hpp>
#include <tandem/http/error.hpp>
#include <tandem/http/file_name.hpp>
#include <tandem/http/options.hpp>
#include <tandem/http/printable_url.hpp>
#include <tandem/http/progress.hpp>
#include <tandem/http/request.hpp>

#endif
