/* yolo_fuzz.c -- any bytes as data.yaml, and as the labels of a picture: refused, or a data set
 * that holds together. */
#include "tests/fuzz/data_fuzz.h"
#include "tools/data/yolo_read.h"
#include "tools/data/yolo_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    gd_arena     arena = {0};
    gd_yolo_yaml y;
    gd_error     err = {0};
    subject      s;
    int32_t      image;
    if (gd_yolo_yaml_text("d/data.yaml", data, size, &arena, &y, &err) == GD_OK)
        for (int i = 0; i < y.n_names; i++)
            if (!y.names[i] || !*y.names[i]) abort();
    gd_arena_free(&arena);
    subject_open(&s);
    for (int k = 0; k < 3; k++) {
        const int32_t c = gd_data_new_class(&s.b);
        if (c < 0) abort();
        s.d->classes[c].name = "c";
    }
    image = gd_data_new_image(&s.b);
    if (image < 0) abort();
    s.d->images[image] = (gd_data_image){.name = "x", .width = 640, .height = 480, .label = -1};
    subject_end(&s, gd_data_yolo_text(&s.b, image, "x.txt", (const char *)data, size));
    return 0;
}
