/* jail.h -- takes everything from the calling process but its memory and one socket. */
#ifndef GD_TOOLS_MEDIA_JAIL_H
#define GD_TOOLS_MEDIA_JAIL_H

#ifdef __cplusplus
extern "C" {
#endif

/* Closes every descriptor but `keep`, forbids files and processes by limits, and all system
 * calls by seccomp except those for memory, messages on `keep` and exit: any other kills the
 * process with SIGSYS. For a process with one thread that never returns to normal work. 0,
 * or the errno of the step named in *step (static storage). */
int gd_jail_enter(int keep, const char **step);

/* Closes every descriptor but `keep` (and standard error under AddressSanitizer). */
void gd_jail_close_all_but(int keep);

/* 1 when AddressSanitizer is in the build: then no limit on address space is possible. */
int gd_jail_has_asan(void);

#ifdef __cplusplus
}
#endif
#endif
