/* crc32c.h -- CRC-32C (Castagnoli), the checksum of a .gdw file's head. */
#ifndef GD_WEIGHTS_CRC32C_H
#define GD_WEIGHTS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Start with crc = 0; feed the result back in to continue. RFC 3720, appendix B.4. */
uint32_t gd_crc32c(uint32_t crc, const void *data, size_t n);
/* The same without the SSE4.2 instruction. For the test that compares the two. */
uint32_t gd_crc32c_portable(uint32_t crc, const void *data, size_t n);

#endif
