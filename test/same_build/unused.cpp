// Uses nothing of what it includes.
#ifdef WITH_CEREAL
#include <tandem/detail/archive.hpp>
#else
#include <tandem/error.hpp>
#endif
