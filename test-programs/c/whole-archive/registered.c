extern int registrations;
__attribute__((constructor)) static void add(void) { registrations++; }
