#include "shared.h"

const char *Left::name() { return "left"; }
const char *Right::name() { return "right"; }
const char *Bottom::name() { return "bottom"; }
Top *make_left() { return new Left; }
