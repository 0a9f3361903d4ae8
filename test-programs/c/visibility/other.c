int hidden(void) { return 1; }
int guarded(void) { return 2; }
int inside = 3;
