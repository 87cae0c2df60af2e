#pragma once
#include <tandem/task.hpp>

inline int square(int x)
{
    return x * x;
}
inline constexpr auto square_task = tandem::task<square>; // registers it wherever this header is included
