/* test_picture.h -- a picture with edges and gradients, the same on every machine. */
#ifndef GD_TOOLS_CLI_TEST_PICTURE_H
#define GD_TOOLS_CLI_TEST_PICTURE_H

#include <stdint.h>

/* [height, width, 3], released with gd_mem_put; NULL without memory. */
uint8_t *gd_test_picture(int width, int height);

#endif
