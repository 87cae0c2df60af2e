#ifndef EXAMPLE_TANDEM_GET_DESCRIPTORS_HPP
#define EXAMPLE_TANDEM_GET_DESCRIPTORS_HPP

#include <cstddef>

/// Has the system allow this process `base` open files, and `each` more for each of `count`. Returns for how many of these
/// it does. Throws std::runtime_error where that is none.
std::size_t allow_descriptors(std::size_t base, std::size_t each, std::size_t count);

#endif
