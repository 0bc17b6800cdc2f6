/* sha256.c -- SHA-256 by the definition of FIPS 180-4, section 6.2; see sha256.h. */
#include "engine/sha256.h"

#include <string.h>

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2};

static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t big32(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void block(uint32_t h[8], const unsigned char *p) {
    uint32_t w[64], v[8];
    for (int t = 0; t < 16; t++) w[t] = big32(p + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];
        w[t] = w[t - 16] + w[t - 7] + (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) +
               (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
    }
    memcpy(v, h, sizeof v);
    /* Eight rounds rename the eight variables once around: no value is moved. */
    for (int t = 0; t < 64; t += 8)
        for (int k = 0; k < 8; k++) {
            uint32_t a = v[(8 - k) & 7], e = v[(12 - k) & 7];
            uint32_t b = v[(9 - k) & 7], c = v[(10 - k) & 7];
            uint32_t t1 = v[(15 - k) & 7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) +
                          ((e & v[(13 - k) & 7]) ^ (~e & v[(14 - k) & 7])) +
                          round_constant[t + k] + w[t + k];
            uint32_t t2 =
                (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            v[(11 - k) & 7] += t1;
            v[(15 - k) & 7] = t1 + t2;
        }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

void gd_sha256_start(gd_sha256 *s) {
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(s->h, first, sizeof first);
    s->bytes = 0;
}

void gd_sha256_add(gd_sha256 *s, const void *data, size_t n) {
    const unsigned char *p = data;
    size_t               have = (size_t)(s->bytes % 64);
    s->bytes += n;
    if (have + n < 64) {
        if (n) memcpy(s->tail + have, p, n);
        return;
    }
    if (have) {
        memcpy(s->tail + have, p, 64 - have);
        block(s->h, s->tail);
        p += 64 - have;
        n -= 64 - have;
    }
    for (; n >= 64; p += 64, n -= 64) block(s->h, p);
    if (n) memcpy(s->tail, p, n);
}

void gd_sha256_end(gd_sha256 *s, unsigned char digest[32]) {
    static const unsigned char pad[64] = {0x80};
    unsigned char              size[8];
    uint64_t                   bits = s->bytes * 8;
    for (int i = 0; i < 8; i++) size[i] = (unsigned char)(bits >> (56 - 8 * i));
    gd_sha256_add(s, pad, (size_t)(119 - s->bytes % 64) % 64 + 1);
    gd_sha256_add(s, size, 8);
    for (int i = 0; i < 32; i++) digest[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void gd_sha256_hex(const unsigned char digest[32], char hex[65]) {
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    hex[64] = '\0';
}
