// Each kind of build-id has its length (GNU note, type 3), and the program finds it in memory.
// gild-test: variant sha1 = -DBYTES=20 | -Wl,--build-id=sha1
// gild-test: variant md5 = -DBYTES=16 | -Wl,--build-id=md5
// gild-test: variant uuid = -DBYTES=16 | -Wl,--build-id=uuid
// gild-test: variant hex = -DBYTES=4 | -Wl,--build-id=0x01020304
// gild-test: stdout = right length
#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
#include <string.h>

static int visit(struct dl_phdr_info *info, size_t size, void *found) {
    (void)size;
    if (info->dlpi_name && strstr(info->dlpi_name, "vdso")) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_NOTE) continue;
        const char *at = (const char *)(info->dlpi_addr + header->p_vaddr), *end = at + header->p_memsz;
        while (at + 12 <= end) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            size_t align = header->p_align == 8 ? 8 : 4, head = 12 + ((note->n_namesz + 3) & ~3u);
            if (note->n_type == 3 && memcmp(at + 12, "GNU", 4) == 0) *(int *)found = note->n_descsz;
            at += (head + note->n_descsz + align - 1) & ~(align - 1);
        }
    }
    return 1;
}

int main(void) {
    int length = 0;
    dl_iterate_phdr(visit, &length);
    puts(length == BYTES ? "right length" : "WRONG");
    return 0;
}
