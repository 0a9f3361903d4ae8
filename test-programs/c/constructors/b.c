#include <stdio.h>

__attribute__((constructor)) static void start(void) { printf("b-plain\n"); }
__attribute__((destructor)) static void stop(void) { printf("b-plain "); }
__attribute__((destructor(102))) static void d102(void) { printf("d102 "); }
