/* A bit of everything that a linker has to get right in C. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int counter = 3;
/* No byte is zero: an image that ends inside it shows. */
__thread int tls_initialised = 0x07070707;
__thread int tls_second = 9;
static __thread int tls_zero[10];
const char *names[] = { "alpha", "beta", "gamma" };
int numbers[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
int zeros[100];

int first(int x) { return x * 3 + 1; }
int second(int x) { return x ^ 0x5a5a; }
int third(int x) { puts("third speaks"); return x - 11; }
int (*const handlers[])(int) = { first, second, third };
int (*volatile chosen)(int) = second;
int *inner = &numbers[2];

__attribute__((constructor)) static void early(void) { counter++; }
__attribute__((constructor)) static void late(void) { counter *= 2; }
__attribute__((destructor)) static void last(void) { puts("the end"); }

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

__attribute__((noinline)) int choose(int x) {
  switch (x) {
    case 0: return 5;
    case 1: puts("one"); return 2;
    case 2: return 77 * counter;
    case 3: puts("three"); return 8;
    case 4: return counter;
    case 5: return zeros[3];
    case 6: puts("six"); return 1;
    case 7: return zeros[2];
    case 8: puts("eight"); return counter + 4;
  }
  return 0;
}

__attribute__((noinline)) double scale(double x) { return x * 1.6180339887; }
__attribute__((noinline)) int add_large(int x) { return x + 123456789; }
__attribute__((noinline)) int tls_sum(void) { return tls_initialised + tls_second + tls_zero[1]; }
__attribute__((noinline)) const char *greeting(void) { return "a greeting of some length"; }
/* GNU ld takes the one for the tail of the other. */
__attribute__((noinline)) const char *shade(int x) { return x > 1 ? "green" : "light green"; }
/* Both share eight aligned bytes. */
__attribute__((noinline)) void tell(void) {
  puts("first: value is not in range of the table, sorry");
  puts("other: value is not in range of the table");
}
__attribute__((noinline)) int caller(int x) { return first(x) + choose(x) + second(x); }

/* No byte of code: it shares its address with whatever the linker puts behind it. */
__attribute__((noinline)) void nowhere(void) { __builtin_unreachable(); }
void (*volatile hole)(void) = nowhere;

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 100) hole();
  tls_zero[argc & 7] = argc;
  qsort(names, 3, sizeof *names, compare);
  for (int i = 0; i < 3; i++)
    printf("%s %d %f\n", names[i], caller(i + argc), scale(tls_sum()));
  printf("%s %d %d %d\n", greeting(), chosen(4), handlers[argc % 3](5), add_large(*inner));
  char *copy = strdup(names[0]);
  puts(copy);
  free(copy);
  return 0;
}
