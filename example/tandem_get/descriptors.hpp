#ifndef EXAMPLE_TANDEM_GET_DESCRIPTORS_HPP
#define EXAMPLE_TANDEM_GET_DESCRIPTORS_HPP

#include <cstddef>

/// Has the system allow this process that many open files. Throws std::runtime_error where it may have fewer only.
void allow_descriptors(std::size_t count);

#endif
