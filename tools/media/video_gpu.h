/* video_gpu.h -- memory of a GPU for frames that stay there, through the CUDA plugin.
 *
 *     gd_video_gpu *g;
 *     gd_video_gpu_open("cuda:0", &pixels, 0, &g, err);
 *     options.hwaccel = GD_HWACCEL_CUDA;   options.gpu = g;
 *     ...                                  frames are freed first
 *     gd_video_gpu_close(g);
 *
 * The video plugin knows nothing of CUDA but what FFmpeg hides; what it needs is in the table
 * of gd_video_gpu (video.h). The decoder shares the context that sessions compute in. */
#ifndef GD_TOOLS_MEDIA_VIDEO_GPU_H
#define GD_TOOLS_MEDIA_VIDEO_GPU_H

#include "tools/media/video.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `device` as of gd_device_open ("cuda:N"), with its codes; `pixels` as in gd_video_gpu, which
 * must outlive it. `limit`: bytes that frames may hold there; 0: no limit. */
gd_status gd_video_gpu_open(const char *device, const gd_alloc *pixels, size_t limit,
                            gd_video_gpu **out, gd_error *err) GD_MUST_CHECK;
void      gd_video_gpu_close(gd_video_gpu *g); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
