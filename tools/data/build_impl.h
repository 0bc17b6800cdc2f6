/* build_impl.h -- the chunks that build.c fills and build_end.c takes apart. */
#ifndef GD_TOOLS_DATA_BUILD_IMPL_H
#define GD_TOOLS_DATA_BUILD_IMPL_H

#include "tools/data/build.h"

enum { GD_DATA_CHUNK = 4096 };

struct gd_data_chunk {
    gd_data_chunk *next;
    int            n;
    gd_data_box    box[GD_DATA_CHUNK];
};

#endif
