#include "tasks.hpp"
