const char *choice(void) { return "strong"; }
