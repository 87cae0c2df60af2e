// Defines what is referred to where tandem's headers are included with what changes a layout as it is here.
#define TANDEM_BUILT(name) \
    extern const char name; \
    const char name = 0;

#include <tandem/detail/same_build.hpp>
