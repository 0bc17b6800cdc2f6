/* voc_fuzz.c -- any bytes as one Pascal VOC annotation: refused or taken. */
#include "tools/data/voc_read.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    gd_voc_page p;
    gd_error    err = {0};
    gd_status   st = gd_voc_text("x.xml", data, size, &p, &err);
    if (st == GD_ERR_ARG || (st != GD_OK && p.objects)) abort();
    for (size_t i = 0; i < p.n; i++)
        if (strlen(p.objects[i].name) >= GD_VOC_NAME || p.objects[i].have > 15) abort();
    gd_voc_page_free(&p);
    return 0;
}
