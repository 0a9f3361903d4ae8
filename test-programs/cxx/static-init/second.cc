#include "shared.h"

static Loud second("second");
