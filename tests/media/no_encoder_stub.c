/* no_encoder_stub.c -- preloaded: an FFmpeg without the encoders named in GD_NO_ENCODER. */
#include <dlfcn.h>
#include <libavcodec/avcodec.h>
#include <stdlib.h>
#include <string.h>

const AVCodec *avcodec_find_encoder_by_name(const char *name) {
    static const AVCodec *(*real)(const char *);
    const char *const without = getenv("GD_NO_ENCODER");
    if (without && name && strstr(without, name)) return NULL;
    if (!real) {
        union {
            void *object;
            const AVCodec *(*function)(const char *);
        } found = {.object = dlsym(RTLD_NEXT, "avcodec_find_encoder_by_name")};
        real = found.function;
    }
    return real ? real(name) : NULL;
}
