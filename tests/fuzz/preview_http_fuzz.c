/* preview_http_fuzz.c -- any bytes as a request to the preview: answered, never a crash. */
#include <stdint.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/media/preview_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    gd_http_request r, again;
    if (size > GD_HTTP_BYTES) return 0;
    char *copy = gd_mem_get(size ? size : 1);
    if (!copy) return 0;
    if (size) memcpy(copy, data, size);
    const int status = gd_http_parse(copy, size, &r);
    if (status != 0 && !*gd_http_reason(status)) __builtin_trap();
    if (status == 200) {
        if (r.path[0] != '/' || strlen(r.path) >= sizeof r.path) __builtin_trap();
        (void)gd_http_host_is_local(r.host);
        /* What comes behind a complete request changes nothing about it. */
        if (gd_http_parse(copy, size, &again) != 200 || memcmp(&r, &again, sizeof r) != 0)
            __builtin_trap();
    }
    /* A whole buffer is never waited on. */
    if (status == 0 && size == GD_HTTP_BYTES) __builtin_trap();
    gd_mem_put(copy);
    return 0;
}
