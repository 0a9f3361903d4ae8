const char *from_long_name(void) { return "long"; }
