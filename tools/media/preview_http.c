/* preview_http.c -- see preview_http.h. */
#include "tools/media/preview_http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A piece of the request. */
typedef struct span {
    const char *at;
    size_t      n;
} span;

static bool span_is(span s, const char *text) {
    return s.n == strlen(text) && memcmp(s.at, text, s.n) == 0;
}

static bool name_is(span s, const char *name) {
    return s.n == strlen(name) && strncasecmp(s.at, name, s.n) == 0;
}

/* Takes the next line off `rest`, without its end: LF, or CR LF. 0: no line end is there; 1; or
 * a status. */
static int take_line(span *rest, span *line) {
    const char  *end = memchr(rest->at, '\n', rest->n);
    const size_t n = end ? (size_t)(end - rest->at) : rest->n;
    if (n > GD_HTTP_LINE) return 431;
    if (!end) return 0;
    *line = (span){rest->at, n > 0 && end[-1] == '\r' ? n - 1 : n};
    rest->at += n + 1;
    rest->n -= n + 1;
    for (size_t i = 0; i < line->n; i++) {
        const unsigned char c = (unsigned char)line->at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return 400;
    }
    return 1;
}

/* Takes what stands before the next blank; false when there is none. */
static bool take_word(span *rest, span *word) {
    const char *blank = memchr(rest->at, ' ', rest->n);
    if (!blank) return false;
    *word = (span){rest->at, (size_t)(blank - rest->at)};
    rest->at += word->n + 1;
    rest->n -= word->n + 1;
    return true;
}

static int parse_first(span line, gd_http_request *out, bool *needs_host) {
    span method, target;
    if (!take_word(&line, &method) || !take_word(&line, &target)) return 400;
    if (line.n != 8 || memcmp(line.at, "HTTP/", 5) != 0) return 400;
    if (!span_is(line, "HTTP/1.1") && !span_is(line, "HTTP/1.0")) return 505;
    *needs_host = line.at[7] == '1';
    out->head = span_is(method, "HEAD");
    if (!out->head && !span_is(method, "GET")) return 405;
    if (target.n == 0 || target.at[0] != '/') return 400;
    const char  *query = memchr(target.at, '?', target.n);
    const size_t n = query ? (size_t)(query - target.at) : target.n;
    if (n >= sizeof out->path) return 414;
    for (size_t i = 0; i < n; i++)
        if (target.at[i] <= ' ' || target.at[i] > '~') return 400;
    memcpy(out->path, target.at, n);
    out->path[n] = '\0';
    return 200;
}

/* Letters, digits and the marks of RFC 9110. */
static bool is_token(span s) {
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.at[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && !memchr(marks, c, sizeof marks - 1))
            return false;
    }
    return s.n > 0;
}

static span trim(span s) {
    while (s.n && (s.at[0] == ' ' || s.at[0] == '\t')) s.at++, s.n--;
    while (s.n && (s.at[s.n - 1] == ' ' || s.at[s.n - 1] == '\t')) s.n--;
    return s;
}

static int parse_field(span line, gd_http_request *out, bool *has_host) {
    const char *colon = memchr(line.at, ':', line.n);
    if (!colon) return 400;
    const span name = {line.at, (size_t)(colon - line.at)};
    const span value = trim((span){colon + 1, line.n - name.n - 1});
    if (!is_token(name)) return 400; /* folded lines among others */
    if (name_is(name, "Host")) {
        if (*has_host || value.n >= sizeof out->host) return 400;
        *has_host = true;
        memcpy(out->host, value.at, value.n);
        out->host[value.n] = '\0';
    }
    if (name_is(name, "Content-Length") && !span_is(value, "0")) return 413;
    if (name_is(name, "Transfer-Encoding")) return 413;
    return 200;
}

int gd_http_parse(const char *data, size_t n, gd_http_request *out) {
    span rest = {data, n}, line;
    bool needs_host = false, has_host = false;
    int  st, fields = 0;
    memset(out, 0, sizeof *out);
    /* A request is read again from its start whenever bytes have come: it is short. */
    if ((st = take_line(&rest, &line)) != 1)
        return st == 431 ? 414 : st == 0 && n >= GD_HTTP_BYTES ? 431 : st;
    if ((st = parse_first(line, out, &needs_host)) != 200) return st;
    while ((st = take_line(&rest, &line)) == 1) {
        if (line.n == 0) return needs_host && !has_host ? 400 : 200;
        if (++fields > GD_HTTP_FIELDS) return 431;
        if ((st = parse_field(line, out, &has_host)) != 200) return st;
    }
    return st == 0 && n >= GD_HTTP_BYTES ? 431 : st;
}

bool gd_http_host_is_local(const char *host) {
    char           name[128];
    struct in_addr v4;
    size_t         n = strlen(host);
    if (n == 0) return true;
    if (n >= sizeof name) return false;
    if (host[0] == '[') {
        const char *end = strchr(host, ']');
        return end && end - host == 4 && strncmp(host, "[::1]", 5) == 0 &&
               (end[1] == '\0' || end[1] == ':');
    }
    n = strcspn(host, ":");
    memcpy(name, host, n);
    name[n] = '\0';
    if (strcasecmp(name, "localhost") == 0) return true;
    return inet_pton(AF_INET, name, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

const char *gd_http_reason(int status) {
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
    }
}
