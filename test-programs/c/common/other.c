int zero;
int defined_elsewhere = 77;
char grows[4096];
__attribute__((aligned(64))) char aligned[8];
static char after = 1;

int grown(void) {
    grows[4095] = 5;
    return grows[4095] == 5 && after == 1;
}
