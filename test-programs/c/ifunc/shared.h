int chosen(void);
int (*from_other(void))(void);
int is_chosen(int (*)(void));
int call_hidden(void);
int hidden_is_hidden(void);
