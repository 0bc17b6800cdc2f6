# standin_nvdec_test.py -- NVDEC's frames on the device, without either: where they go, and what brings them down.
"""FFmpeg's NVDEC on a driver of our own (tests/media/nvdec_stub.c) and the stand-in's CUDA runtime: every surface
is grey and kernels compute nothing, but surfaces, streams, contexts, copies and messages are the real program's."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("GD_ROOT", os.getcwd()), "tests/cli"))
from gd_video import ASAN, BUILD, check, clip, count, ffmpeg, frames_of, main, run  # noqa: E402

STANDIN, STUB = f"{BUILD}/standin", os.path.join(os.environ.get("GD_ROOT", os.getcwd()), "tests/media/nvdec_stub.c")
N = 12
if ASAN or not os.path.exists(f"{STANDIN}/libcudart.so.13") or not os.path.exists(f"{BUILD}/libgdrun_cuda.so"):
    print("skipped: no stand-in or no CUDA plugin in this build")
    sys.exit(77)
if not os.path.exists("/usr/include/ffnvcodec/dynlink_loader.h"):
    print("skipped: no headers of NVDEC (libffmpeg-nvenc-dev)")
    sys.exit(77)


def stub():
    if not os.path.exists("libcuda.so.1"):
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", "libcuda.so.1", STUB, "-lpthread"],
                       check=True)
        os.symlink("libcuda.so.1", "libnvcuvid.so.1")


def nvdec(video, *args, device="cuda", **env):
    """Exit code, results, messages, what the driver saw, and how often planes were turned to RGB."""
    for old in ("report", "log"):
        if os.path.exists(old):
            os.remove(old)
    rc, out, err = run("detect", "-m", "nano.gdw", video, "--imgsz", "96", "--jsonl", "-", "--device", device,
                       "--hwaccel", "cuda", "-y", *args,
                       env={"LD_LIBRARY_PATH": f"{os.getcwd()}:{STANDIN}", "NVDEC_REPORT": "report",
                            "STANDIN_LOG": "log", **env})
    saw = dict(line.split() for line in open("report")) if os.path.exists("report") else {}
    turned = sum("yuv_rgb" in line for line in open("log")) if os.path.exists("log") else 0
    return rc, frames_of(out), err, {k: int(v) for k, v in saw.items()}, turned


def stays(err, saw, turned, what, n=N):
    check("W39" not in err and saw == {"shared": n, "own": 0, "host": 0, "live": 0} and turned == n,
          f"{what}: {saw} {turned} {err}")


def comes(err, saw, turned, what, why, shared=True):
    """Each frame is copied, two planes each, which is said once."""
    check(err.count("warning[W394]") == 1 and why in err and turned == 0 and saw["host"] == 2 * N and
          saw["shared" if shared else "own"] == N and saw["live"] == 0, f"{what}: {saw} {turned} {err}")


def on_the_device():
    """Sessions take frames where they are; what looks at pixels brings them down, and every frame has a result."""
    stub()
    clip("a.mp4", N, audio=False)
    for more in ((), ("-o", "null"), ("--batch", "4"), ("--streams", "1")):
        rc, rows, err, saw, turned = nvdec("a.mp4", *more)
        check(rc == 0 and [r["frame"] for r in rows] == list(range(N)), f"{more}: {rc} {err}")
        stays(err, saw, turned, more)
    for more in ((), ("--filter", "gaussian"), ("--save-crops", "crops")):
        rc, rows, err, saw, turned = nvdec("a.mp4", "-o", "out.mp4", *more)
        check(rc == 0 and count("out.mp4") == N, f"{more}: {rc} {err}")
        stays(err, saw, turned, more)


def to_the_host():
    """Turned pictures, and a context that cannot be shared: as before, and said once. The CPU's model too."""
    stub()
    clip("a.mp4", N, audio=False)
    ffmpeg("-i", "a.mp4", "-c", "copy", "-metadata:s:v:0", "rotate=90", "turned.mp4")
    rc, rows, err, saw, turned = nvdec("turned.mp4", "-o", "null")
    check(rc == 0 and rows[0]["width"] == 120 and rows[0]["height"] == 160, f"turned: {rc} {err}")
    comes(err, saw, turned, "turned", "it is turned to be displayed")
    rc, rows, err, saw, turned = nvdec("turned.mp4", "--no-exif", "-o", "null")
    check(rc == 0 and rows[0]["width"] == 160, f"as stored: {rc} {err}")
    stays(err, saw, turned, "as stored")
    rc, rows, err, saw, turned = nvdec("a.mp4", "-o", "null", NVDEC_NO_CONTEXT="1")
    check(rc == 0 and len(rows) == N, f"no context: {rc} {err}")
    comes(err, saw, turned, "no context", "cannot share the GPU's context", shared=False)
    rc, rows, err, saw, turned = nvdec("a.mp4", "-o", "null", STANDIN_FAIL="1,once", STANDIN_CALL="cudaMalloc")
    check(rc == 0 and len(rows) == N, f"no memory: {rc} {err}")
    comes(err, saw, turned, "no memory", "no memory for", shared=False)
    rc, rows, err, saw, turned = nvdec("a.mp4", "-o", "null", device="cpu")
    check(rc == 0 and len(rows) == N and "W39" not in err and saw["host"] == 2 * N and turned == 0,
          f"the CPU's model: {rc} {saw} {turned} {err}")


def ten_bits():
    """Surfaces of more than 8 bits come to the host."""
    stub()
    try:
        clip("ten.mp4", N, audio=False, size="320x240", extra=("-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-tag:v",
                                                               "hvc1", "-x265-params", "log-level=none"))
    except subprocess.CalledProcessError:
        print("skipped: no encoder of HEVC")
        return
    rc, rows, err, saw, turned = nvdec("ten.mp4", "-o", "null")
    check(rc == 0 and len(rows) == N, f"ten bits: {rc} {err}")
    comes(err, saw, turned, "ten bits", "more than 8 bits")


main(on_the_device, to_the_host, ten_bits)
