#ifndef TANDEM_SRC_HTTP_DOWNLOAD_BACK_OFF_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_BACK_OFF_HPP

#include <tandem/http/options.hpp>

#include <chrono>
#include <random>

namespace tandem::http {

/// How long to wait before the `retry`th retry, counted from 1: see retry_options.
std::chrono::milliseconds back_off(const retry_options& options, unsigned retry, std::minstd_rand& random);

} // namespace tandem::http

#endif
