int nobody_wants_this(void) { return 1; }
