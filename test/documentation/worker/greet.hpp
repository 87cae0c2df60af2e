#pragma once

#include <tandem/task.hpp>

#include <string>

std::string greet(const std::string& name);

// Naming the task registers it. Both programs include this header, so both know it.
inline constexpr auto greet_task = tandem::task<greet>;
