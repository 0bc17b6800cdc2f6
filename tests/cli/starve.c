/* starve.c -- preloaded: makes the n-th allocation of gdrun (or of its parsers) fail.
 *
 * STARVE_AT=17 fails the 17th, STARVE_ON=1 all from there on; STARVE_COUNT=FILE writes how many
 * there were. Only calls from the program itself, libjansson and libyaml count: what the C
 * library or oneDNN do without memory is not ours to test. */
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

enum { RANGES = 8 };
static uintptr_t   lo[RANGES], hi[RANGES];
static int         n_ranges;
static atomic_long calls;
static long        fail_at;
static int         fail_on;
static const char *count_file;

static int note_object(struct dl_phdr_info *info, size_t size, void *data) {
    const char *name = info->dlpi_name;
    (void)size;
    (void)data;
    if (*name && !strstr(name, "jansson") && !strstr(name, "yaml")) return 0;
    for (int i = 0; i < info->dlpi_phnum && n_ranges < RANGES; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X)) continue;
        lo[n_ranges] = info->dlpi_addr + p->p_vaddr;
        hi[n_ranges++] = info->dlpi_addr + p->p_vaddr + p->p_memsz;
    }
    return 0;
}

/* Only the first process counts: the decoder's children have failures of their own, and their
 * jail lets no other system call pass. */
static void in_child(void) {
    n_ranges = 0;
    count_file = NULL;
}

__attribute__((constructor)) static void start(void) {
    const char *at = getenv("STARVE_AT");
    fail_at = at ? atol(at) : 0;
    fail_on = getenv("STARVE_ON") != NULL;
    count_file = getenv("STARVE_COUNT");
    pthread_atfork(NULL, NULL, in_child);
    dl_iterate_phdr(note_object, NULL);
}

__attribute__((destructor)) static void stop(void) {
    char text[32];
    int  fd;
    if (!count_file) return;
    fd = open(count_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) return;
    snprintf(text, sizeof text, "%ld\n", (long)calls);
    if (write(fd, text, strlen(text)) < 0) _exit(99);
    close(fd);
}

static int starved(const void *caller) {
    uintptr_t at = (uintptr_t)caller;
    for (int i = 0; i < n_ranges; i++)
        if (at >= lo[i] && at < hi[i]) {
            long n = ++calls;
            return fail_at && (fail_on ? n >= fail_at : n == fail_at);
        }
    return 0;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) { return starved(CALLER) ? NULL : __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return starved(CALLER) ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t size) { return starved(CALLER) ? NULL : __libc_realloc(p, size); }
void *aligned_alloc(size_t align, size_t size) {
    return starved(CALLER) ? NULL : __libc_memalign(align, size);
}
