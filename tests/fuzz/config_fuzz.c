/* config_fuzz.c -- any bytes as a config file: refused or taken, never a crash or a leak. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/cli/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char     path[64];
    gd_flags f;
    gd_error err;
    int      fd = memfd_create("config", MFD_CLOEXEC);
    if (fd < 0) return 0;
    if (write(fd, data, size) == (ssize_t)size) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        gd_flags_init(&f, GD_CMD_DETECT);
        if (gd_config_read(&f, path, &err) == GD_ERR_ARG) abort(); /* E206 is about the file */
        gd_flags_free(&f);
    }
    close(fd);
    return 0;
}
