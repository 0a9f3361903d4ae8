#include <stdio.h>

__attribute__((constructor)) static void start(void) { printf("a-plain "); }
__attribute__((destructor)) static void stop(void) { printf("a-plain "); }
__attribute__((constructor(102))) static void c102(void) { printf("c102 "); }
