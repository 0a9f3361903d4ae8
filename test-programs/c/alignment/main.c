// Alignments beyond a page, in data, bss and read-only data.
// gild-test: stdout = 0 0 0 0
// gild-test: variant plain =
// gild-test: variant gc = -fdata-sections | -Wl,--gc-sections
#include <stdint.h>
#include <stdio.h>

_Alignas(65536) char data[3] = {1};
_Alignas(65536) char bss[3];
_Alignas(16384) const char rodata[3] = {1};
__attribute__((aligned(4096), noinline)) int code(void) { return 0; }

int main(void) {
    uintptr_t function = (uintptr_t)code;
    printf("%d %d ", (int)((uintptr_t)data % 65536), (int)((uintptr_t)bss % 65536));
    printf("%d %d\n", (int)((uintptr_t)rodata % 16384), (int)(function % 4096) + code());
    return 0;
}
