/* sha256.h -- SHA-256 (FIPS 180-4) of a stream: names the source of weights in a .gdw file. */
#ifndef GD_ENGINE_SHA256_H
#define GD_ENGINE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_sha256 {
    uint32_t      h[8];
    uint64_t      bytes;    /* given so far */
    unsigned char tail[64]; /* bytes % 64 of them wait for a full block */
} gd_sha256;

void gd_sha256_start(gd_sha256 *s);
void gd_sha256_add(gd_sha256 *s, const void *data, size_t n);
/* Ends the stream; `s` must be started again before further use. */
void gd_sha256_end(gd_sha256 *s, unsigned char digest[32]);
/* 64 lower-case digits and a NUL. */
void gd_sha256_hex(const unsigned char digest[32], char hex[65]);

#ifdef __cplusplus
}
#endif
#endif
