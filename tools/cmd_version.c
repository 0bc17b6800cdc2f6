/* cmd_version.c -- `gdrun version`: what this program is and was built with. */
#include "tools/cli/program.h"
#include "tools/cmd.h"

int gd_cmd_version(gd_flags *f) {
    (void)f;
    gd_print("gdrun %s\n", gd_version());
    gd_print("compiler: %s\n", GD_COMPILER);
    gd_print("oneDNN: %s\n", GD_HAVE_ONEDNN ? "yes" : "no");
    gd_print("cuda: %s\n", GD_HAVE_CUDA ? "yes, in a plugin" : "no");
    return GD_EXIT_OK;
}
