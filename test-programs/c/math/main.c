// libm: on Debian's glibc, libm.a is a linker script that names two archives, and much of it is ifuncs.
// gild-test: link = -lm
// gild-test: variant plain =
// gild-test: variant gc = -ffunction-sections | -Wl,--gc-sections
#include <complex.h>
#include <math.h>
#include <stdio.h>

volatile double x = 0.75;

int main(void) {
    printf("%.12f %.12f %.12f\n", sin(x), cos(x), tan(x));
    printf("%.12f %.12f %.12f\n", exp(x), log(x), pow(x, 2.5));
    printf("%.12f %.12f %.12f\n", floor(x * 10), ceil(x * 10), fma(x, x, x));
    printf("%.12f %.12f %.12f\n", atan2(x, 2), sinh(x), lgamma(x));
    double complex z = cexp(x + 0.5 * I);
    printf("%.12f %.12f\n", creal(z), cimag(z));
    return 0;
}
