// Allocates in each way; DLERROR also calls a function of musl's that has a private heap, and TEXTS
// carries another allocator's messages as data.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef TEXTS
const char *const texts[] = {"mimalloc: ", "mimalloc: error: ", "mimalloc: warning: "};
#endif

int main(int argc, char **argv) {
  char *p = malloc(100 + argc);
  char *q = calloc(argc, 20);
  p = realloc(p, 5000);
  printf("%s %p %p\n", argv[0], (void *)p, (void *)q);
#ifdef TEXTS
  puts(texts[argc % 3]);
#endif
#ifdef DLERROR
  char *error = dlerror();
  if (error) puts(error);
#endif
  free(p);
  free(q);
  return 0;
}
