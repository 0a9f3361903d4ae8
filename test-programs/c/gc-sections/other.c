int dead_in_other(void) { return 5; }
