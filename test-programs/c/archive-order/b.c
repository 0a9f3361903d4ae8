int a(int);
int b(int n) { return n == 0 ? 0 : 1 + a(n - 1); }
