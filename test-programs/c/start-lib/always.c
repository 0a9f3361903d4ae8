int always_there(void) { return 1; }
