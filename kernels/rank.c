/* rank.c -- radix sort of 64-bit keys: its time does not depend on the order of the input. */
#include "kernels/rank.h"

enum { BITS = 11, BINS = 1 << BITS, DIGITS = 6, SCORE = 3, FEW = 48 };

/* Digits from the least up; those from SCORE on are the score's. */
static const int shift[DIGITS] = {0, 11, 22, 32, 43, 54};
static const int width[DIGITS] = {11, 11, 10, 11, 11, 10};

static void insert_sort(uint64_t *key, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const uint64_t k = key[i];
        int64_t        j = i;
        for (; j > 0 && key[j - 1] > k; j--) key[j] = key[j - 1];
        key[j] = k;
    }
}

static unsigned digit(uint64_t key, int d) {
    return (unsigned)(key >> shift[d]) & ((1u << width[d]) - 1);
}

static void radix_sort(uint64_t *key, uint64_t *tmp, int64_t n, int first_digit) {
    uint64_t *from = key, *to = tmp;
    if (n <= FEW) {
        insert_sort(key, n);
        return;
    }
    for (int d = first_digit; d < DIGITS; d++) {
        int64_t at[BINS] = {0}, sum = 0;
        for (int64_t i = 0; i < n; i++) at[digit(from[i], d)]++;
        if (at[digit(from[0], d)] == n) continue; /* all alike: nothing moves */
        for (int b = 0; b < BINS; b++) {
            const int64_t count = at[b];
            at[b] = sum;
            sum += count;
        }
        for (int64_t i = 0; i < n; i++) to[at[digit(from[i], d)]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != key) memcpy(key, from, (size_t)n * sizeof *key);
}

void gdk_rank_sort(uint64_t *key, uint64_t *tmp, int64_t n) { radix_sort(key, tmp, n, 0); }

void gdk_rank_sort_stable(uint64_t *key, uint64_t *tmp, int64_t n) {
    radix_sort(key, tmp, n, SCORE);
}

int64_t gdk_best_room(int64_t k, int64_t n) {
    const int64_t most = k < n / 4 ? 4 * k : n;
    return most > 1024 ? most : 1024;
}

void gdk_best_cut(gdk_best *b) {
    gdk_rank_sort_stable(b->key, b->key + b->most, b->held);
    b->held = b->k;
    b->worst = (uint32_t)(b->key[b->k - 1] >> 32);
    if (b->worst == UINT32_MAX) b->worst = 0; /* NaN bounds nothing */
}

int64_t gdk_best_end(gdk_best *b) {
    gdk_rank_sort_stable(b->key, b->key + b->most, b->held);
    return b->held < b->k ? b->held : b->k;
}
