// As src/same_build.cpp, of cereal: apart, since tandem::http does without.
#define TANDEM_CEREAL(name) \
    extern const char name; \
    const char name = 0;

#include <tandem/detail/archive.hpp>
