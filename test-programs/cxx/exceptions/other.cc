#include "shared.h"
#include <stdexcept>

void throw_from_elsewhere(const char *text) { throw std::runtime_error(text); }
