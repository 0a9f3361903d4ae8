const char *needed(void) { return "needed"; }
