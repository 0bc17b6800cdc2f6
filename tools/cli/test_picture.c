/* test_picture.c -- see test_picture.h. */
#include "tools/cli/test_picture.h"

#include "engine/mem.h"

uint8_t *gd_test_picture(int width, int height) {
    uint8_t *rgb = gd_mem_array((size_t)width * (size_t)height, 3);
    for (int y = 0; rgb && y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *p = rgb + 3 * ((size_t)y * (size_t)width + (size_t)x);
            p[0] = (uint8_t)(255 * x / width);
            p[1] = (uint8_t)(255 * y / height);
            p[2] = (uint8_t)((x / 32 + y / 32) % 2 ? 220 : 30);
        }
    return rgb;
}
