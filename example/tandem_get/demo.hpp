#ifndef EXAMPLE_TANDEM_GET_DEMO_HPP
#define EXAMPLE_TANDEM_GET_DEMO_HPP

#include "tandem_get/options.hpp"
#include "tandem_get/session.hpp"

/// Serves the installed Boost headers to itself, downloads 1,000 of them, has each one hashed and compressed in a
/// process as soon as it is there, checks every hash, and compares the pools. Returns the program's exit status.
int demo(const options& given, session& here);

#endif
