/* machine.h -- what the operating system tells: memory to spare, the processor's name. */
#ifndef GD_ENGINE_MACHINE_H
#define GD_ENGINE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that the process could still take without anything being swapped out: the least of the
 * machine's available memory and of what each control group it is in leaves (its reclaimable
 * file cache counts as free). `root` stands before /proc and /sys, "" outside of tests.
 * UINT64_MAX when nothing tells. */
uint64_t gd_machine_room(const char *root);
/* The processor's model name into out; "" when nothing tells. Returns out. */
char *gd_machine_cpu(const char *root, char *out, size_t size);
/* Most bytes of memory that this process ever had resident; 0 when nothing tells. */
uint64_t gd_machine_peak(void);

#ifdef __cplusplus
}
#endif
#endif
