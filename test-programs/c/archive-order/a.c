int b(int);
int a(int n) { return n == 0 ? 0 : 1 + b(n - 1); }
const char *both(void) { return "from liba"; }
