int chosen(void);
int (*from_other(void))(void);
int is_chosen(int (*)(void));
