int elsewhere = 3;
int function(int x) { return x + 4; }
