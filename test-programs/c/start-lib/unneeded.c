int unneeded(void) { return 1; }
