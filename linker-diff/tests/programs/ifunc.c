/* The address of an indirect function, taken by code and by data. */
static int one(void) { return 1; }
static void *pick(void) { return (void *)one; }
int chosen(void) __attribute__((ifunc("pick")));
int (*in_data)(void) = chosen;

int main(void) {
    int (*volatile here)(void) = chosen;
    return here == in_data ? 0 : here();
}
