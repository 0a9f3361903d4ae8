int wanted(void) { return 1; }
