// Boost.JSON is compiled in, so that there is no library to be installed for it.
#include <boost/json/src.hpp>
