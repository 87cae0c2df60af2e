#ifndef EXAMPLE_TANDEM_GET_GET_HPP
#define EXAMPLE_TANDEM_GET_GET_HPP

#include "tandem_get/options.hpp"
#include "tandem_get/session.hpp"

#include <tandem/http/downloader.hpp>

/// Downloads what the command line names. Returns the program's exit status. Throws std::exception where it cannot even
/// begin.
int get(const options& given, session& here);

/// Throws std::exception, in the words of the command line, where an option or a proxy's variable is wrong.
tandem::http::downloader make_downloader(session& here, const options& given);

#endif
