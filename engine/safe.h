/* safe.h -- arithmetic on numbers that come from files: every product and sum is checked.
 *
 * Each returns false when the true result does not fit; *out is then unspecified. */
#ifndef GD_ENGINE_SAFE_H
#define GD_ENGINE_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline bool gd_mul_size(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool gd_add_size(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}
static inline bool gd_mul_u64(uint64_t a, uint64_t b, uint64_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool gd_add_u64(uint64_t a, uint64_t b, uint64_t *out) {
    return !__builtin_add_overflow(a, b, out);
}
static inline bool gd_mul_i64(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool gd_add_i64(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

/* True when [at, at + n) lies inside [0, size). */
static inline bool gd_span_ok(uint64_t at, uint64_t n, uint64_t size) {
    return at <= size && n <= size - at;
}

/* Little-endian fields of a file, from unaligned bytes. */
static inline uint16_t gd_le16(const unsigned char *p) {
    return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}
static inline uint32_t gd_le32(const unsigned char *p) {
    return (uint32_t)gd_le16(p) | (uint32_t)gd_le16(p + 2) << 16;
}
static inline uint64_t gd_le64(const unsigned char *p) {
    return (uint64_t)gd_le32(p) | (uint64_t)gd_le32(p + 4) << 32;
}

#ifdef __cplusplus
}
#endif
#endif
