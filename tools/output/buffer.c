/* buffer.c -- growing text and the escapes of the output formats; see buffer.h. */
#include "tools/output/buffer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "engine/utf8.h"

void gd_buffer_free(gd_buffer *b) {
    gd_mem_put(b->data);
    *b = (gd_buffer){0};
}

void gd_put_bytes(gd_buffer *b, const void *src, size_t n) {
    size_t need, room = b->room ? b->room : 1024;
    if (b->failed || n == 0) return;
    if (!gd_add_size(b->size, n, &need) || need > SIZE_MAX / 2) {
        b->failed = true;
        return;
    }
    if (need > b->room) {
        while (room < need) room *= 2;
        char *p = b->data ? gd_mem_grow(b->data, b->size, room) : gd_mem_get(room);
        if (!p) {
            b->failed = true;
            return;
        }
        b->data = p;
        b->room = room;
    }
    memcpy(b->data + b->size, src, n);
    b->size += n;
}

void gd_put(gd_buffer *b, const char *text) { gd_put_bytes(b, text, strlen(text)); }

void gd_put_int(gd_buffer *b, int64_t v) {
    char text[24];
    gd_put_bytes(b, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)v));
}

/* ---- numbers ----------------------------------------------------------------------------- */

/* Writes 0.d1d2d3... x 10^point in positional form; `digits` has no trailing zeros. */
static void put_decimal(gd_buffer *b, const char *digits, int n, int point) {
    if (point <= 0) {
        gd_put(b, "0.");
        for (int i = point; i < 0; i++) gd_put(b, "0");
        gd_put_bytes(b, digits, (size_t)n);
        return;
    }
    for (int i = 0; i < point; i++) gd_put_bytes(b, i < n ? digits + i : "0", 1);
    gd_put(b, ".");
    if (n > point)
        gd_put_bytes(b, digits + point, (size_t)(n - point));
    else
        gd_put(b, "0");
}

void gd_put_float(gd_buffer *b, float v) {
    char text[48], digits[16];
    int  n = 0, exponent = 0, precision = 6;
    if (!isfinite(v)) {
        gd_put(b, "null");
        return;
    }
    if (v == 0) {
        gd_put(b, "0.0");
        return;
    }
    /* Nine digits always do. printf and strtof agree on the locale's decimal mark, whatever it
     * is; it is then skipped. */
    do snprintf(text, sizeof text, "%.*e", precision - 1, (double)v);
    while (strtof(text, NULL) != v && ++precision <= 9);
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && n < (int)sizeof digits) digits[n++] = *p;
    if (*p) exponent = atoi(p + 1);
    while (n > 1 && digits[n - 1] == '0') n--;
    if (v < 0) gd_put(b, "-");
    put_decimal(b, digits, n, exponent + 1);
}

void gd_put_fixed(gd_buffer *b, double v, int digits) {
    static const int64_t power[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    char                 text[48];
    int                  at = (int)sizeof text;
    if (!isfinite(v)) {
        gd_put(b, "null");
        return;
    }
    /* Beyond 2^53 there are no places behind the point to be had. */
    double   scaled = fmin(fmax(v * (double)power[digits], -9e18), 9e18);
    int64_t  i = llround(scaled);
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    for (int k = 0; k <= digits || u > 0; k++, u /= 10) {
        if (k == digits && k > 0) text[--at] = '.';
        text[--at] = (char)('0' + u % 10);
    }
    if (i < 0) text[--at] = '-';
    gd_put_bytes(b, text + at, sizeof text - (size_t)at);
}

/* ---- strings ----------------------------------------------------------------------------- */

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* One character of text from outside: its code point and length; an invalid byte is U+FFFD. */
static uint32_t take(const char *s, size_t left, size_t *used) {
    uint32_t point = 0;
    *used = gd_utf8_next(s, left, &point);
    if (*used > 0) return point;
    *used = 1;
    return 0xfffd;
}

static bool is_control(uint32_t p) { return p < 0x20 || (p >= 0x7f && p < 0xa0); }

void gd_put_json(gd_buffer *b, const char *text) {
    size_t left = text ? strlen(text) : 0, used;
    char   code[8];
    for (; left > 0; text += used, left -= used) {
        uint32_t p = take(text, left, &used);
        if (p == '"')
            gd_put(b, "\\\"");
        else if (p == '\\')
            gd_put(b, "\\\\");
        else if (p == '\n')
            gd_put(b, "\\n");
        else if (p == '\t')
            gd_put(b, "\\t");
        /* U+2028 and 2029 end lines for some readers of line-based JSON. */
        else if (is_control(p) || p == 0x2028 || p == 0x2029)
            gd_put_bytes(b, code, (size_t)snprintf(code, sizeof code, "\\u%04x", (unsigned)p));
        else if (p == 0xfffd)
            gd_put(b, replacement);
        else
            gd_put_bytes(b, text, used);
    }
}

void gd_put_json_string(gd_buffer *b, const char *text) {
    if (!text) {
        gd_put(b, "null");
        return;
    }
    gd_put(b, "\"");
    gd_put_json(b, text);
    gd_put(b, "\"");
}

void gd_put_xml(gd_buffer *b, const char *text) {
    size_t left = text ? strlen(text) : 0, used;
    for (; left > 0; text += used, left -= used) {
        uint32_t p = take(text, left, &used);
        switch (p) {
        case '&': gd_put(b, "&amp;"); break;
        case '<': gd_put(b, "&lt;"); break;
        case '>': gd_put(b, "&gt;"); break;
        case '"': gd_put(b, "&quot;"); break;
        case '\t': gd_put(b, "&#9;"); break;
        case '\n': gd_put(b, "&#10;"); break;
        case '\r': gd_put(b, "&#13;"); break;
        case 0xfffd:
        case 0xfffe:
        case 0xffff: gd_put(b, replacement); break;
        default:
            if (is_control(p))
                gd_put(b, replacement);
            else
                gd_put_bytes(b, text, used);
        }
    }
}

void gd_put_csv(gd_buffer *b, const char *text) {
    size_t left = text ? strlen(text) : 0, used;
    bool   quoted = text && (strpbrk(text, ",\"\r\n") || text[0] == ' ' ||
                           (left > 0 && text[left - 1] == ' '));
    if (quoted) gd_put(b, "\"");
    for (; left > 0; text += used, left -= used) {
        uint32_t p = take(text, left, &used);
        if (p == '"')
            gd_put(b, "\"\"");
        else if (p == 0xfffd || (is_control(p) && p != '\t' && p != '\n' && p != '\r'))
            gd_put(b, replacement);
        else
            gd_put_bytes(b, text, used);
    }
    if (quoted) gd_put(b, "\"");
}

static void put_key(gd_buffer *b, const char *key) {
    gd_put(b, ",\"");
    gd_put(b, key);
    gd_put(b, "\":");
}

void gd_put_key_string(gd_buffer *b, const char *key, const char *value) {
    if (!value) return;
    put_key(b, key);
    gd_put_json_string(b, value);
}

void gd_put_key_int(gd_buffer *b, const char *key, int64_t value) {
    put_key(b, key);
    gd_put_int(b, value);
}

void gd_put_key_fixed(gd_buffer *b, const char *key, double value, int digits) {
    put_key(b, key);
    gd_put_fixed(b, value, digits);
}
