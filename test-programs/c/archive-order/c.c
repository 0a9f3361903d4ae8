const char *both(void) { return "from libb"; }
