/* top_k_pick.c -- how the selection of the k best is spread over blocks. */
#include "kernels/top_k/top_k_pick.h"

gdk_top_k_plan gdk_top_k_pick(int64_t n, int64_t k) {
    gdk_top_k_plan p = {0, 0};
    if (n <= GDK_TOP_K_WHOLE || k > n / 2) return p;
    const int64_t parts = (n + GDK_TOP_K_PART - 1) / GDK_TOP_K_PART;
    /* One pass over a histogram seldom ends on k exactly: the slack saves the second. */
    const int64_t room = (k + k / 8 + 64 + 31) / 32 * 32;
    const int64_t share = (n + parts - 1) / parts, most = (share + 31) / 32 * 32;
    p.parts = (int32_t)parts;
    p.room = (int32_t)(room < most ? room : most);
    return p;
}
