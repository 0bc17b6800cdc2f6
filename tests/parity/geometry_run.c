/* geometry_run.c -- prints where pictures land: the bridge from a Python test to
 * layers/geometry.
 *
 *     geometry_run RULE SHORT LONG MULTIPLE SIZE_H SIZE_W    reads lines "height width"
 *
 * Prints "new_h new_w top left net_h net_w scale_y scale_x" for each. */
#include <stdio.h>
#include <stdlib.h>

#include "layers/geometry.h"

int main(int argc, char **argv) {
    gd_geometry_rule r = {0};
    gd_geometry      g;
    int              h, w;
    if (argc != 7 || !gd_rule_parse(argv[1], &r.kind)) {
        fprintf(stderr, "usage: geometry_run RULE SHORT LONG MULTIPLE SIZE_H SIZE_W\n");
        return EXIT_FAILURE;
    }
    r.short_side = atoi(argv[2]);
    r.long_side = atoi(argv[3]);
    r.multiple = atoi(argv[4]);
    r.size_h = atoi(argv[5]);
    r.size_w = atoi(argv[6]);
    while (scanf("%d %d", &h, &w) == 2) {
        gd_geometry_of(&r, h, w, &g);
        printf("%d %d %d %d %d %d %.17g %.17g\n", g.new_h, g.new_w, g.top, g.left, g.net_h,
               g.net_w, g.scale_y, g.scale_x);
    }
    return EXIT_SUCCESS;
}
