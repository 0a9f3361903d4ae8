int unrelated(void) { return 3; }
