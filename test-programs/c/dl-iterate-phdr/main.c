// The program finds its own headers: __ehdr_start, AT_PHDR and dl_iterate_phdr agree.
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
__thread int thread_local_value = 1;
static int found[3], inside;

static int visit(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    if (info->dlpi_name && strstr(info->dlpi_name, "vdso")) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const Elf64_Phdr *header = &info->dlpi_phdr[i];
        found[0] |= header->p_type == PT_LOAD;
        found[1] |= header->p_type == PT_TLS;
        found[2] |= header->p_type == PT_GNU_STACK;
        Elf64_Addr start = info->dlpi_addr + header->p_vaddr, here = (Elf64_Addr)&visit;
        inside |= header->p_type == PT_LOAD && header->p_flags & PF_X && start <= here && here < start + header->p_memsz;
    }
    return 1;
}

static const char *word(int truth) { return truth ? "yes" : "no"; }

int main(void) {
    dl_iterate_phdr(visit, NULL);
    printf("load %s, tls %s, stack %s, ", word(found[0]), word(found[1]), word(found[2]));
    int same = memcmp(__ehdr_start.e_ident, ELFMAG, SELFMAG) == 0 &&
               (const char *)&__ehdr_start + __ehdr_start.e_phoff == (const char *)getauxval(AT_PHDR);
    printf("inside %s, ehdr %s\n", word(inside), word(same));
    return thread_local_value - 1;
}
