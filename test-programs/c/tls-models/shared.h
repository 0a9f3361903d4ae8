struct wide { char a, b, c; long d; };
extern __thread struct wide wide;
extern __thread int exported;
int other(void);
int *far_away(void);
int early(void);
void bump(void);
