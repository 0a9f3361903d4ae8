int measure(int x) { return 2 * x; }
