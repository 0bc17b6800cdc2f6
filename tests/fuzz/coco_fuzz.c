/* coco_fuzz.c -- any bytes as COCO annotations: refused, or a data set that holds together. */
#include "tests/fuzz/data_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    subject s;
    subject_open(&s);
    subject_end(&s, gd_data_read_coco_text(&s.b, "x.json", data, size));
    return 0;
}
