const char *old_one(void) { return "old"; }
const char *new_one(void) { return "default"; }
__asm__(".symver old_one, versioned@V1\n.symver new_one, versioned@@V2");
