# standin_video_test.py -- videos on a GPU that is made up: batches where memory ends, frames drawn on it.
"""A CUDA runtime of our own (tests/standin) stands in the place of NVIDIA's; its kernels compute nothing."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("GD_ROOT", os.getcwd()), "tests/cli"))
from gd_video import ASAN, BUILD, check, clip, count, frames_of, main, run  # noqa: E402

try:
    import cv2
    import numpy as np
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)
STANDIN = f"{BUILD}/standin"
if ASAN or not os.path.exists(f"{STANDIN}/libcudart.so.13") or not os.path.exists(f"{BUILD}/libgdrun_cuda.so"):
    print("skipped: no stand-in or no CUDA plugin in this build")
    sys.exit(77)


def gpu(*args, **env):
    return run(*args, env={"LD_LIBRARY_PATH": STANDIN, **{f"STANDIN_{k}": str(v) for k, v in env.items()}})


def last_frame(path):
    frame, reader = None, cv2.VideoCapture(path)
    while True:
        ok, one = reader.read()
        if not ok:
            return frame
        frame = one


def spread_above(path):
    """How far apart the bytes of the topmost lines are, where a rate of frames would be drawn."""
    top = last_frame(path)[:12].astype(int)
    return np.ptp(top, axis=(0, 1)).max()


def halved():
    """The first allocation of the first batch fails once: half as many, and every frame has its result."""
    clip("a.mp4", 40, audio=False)
    args = ["detect", "-m", "nano.gdw", "a.mp4", "--jsonl", "-", "--device", "cuda", "--streams", "1"]
    fail = {"FAIL": "1,once", "CALL": "cudaMalloc", "ERROR": 2}
    for more, told in (([], "a batch of 8: Stand-in 0: no memory for"), (["--batch", "auto"], "going on with")):
        rc, out, err = gpu(*args, *more, **fail)
        check(rc == 0 and [r["frame"] for r in frames_of(out)] == list(range(40)), f"{more}: {rc} {err}")
        check(err.count("warning[W602]") == 1 and told in err, f"{more}: {err}")
    rc, out, err = gpu(*args, "--batch", "4", **fail)
    check(rc == 6 and "error[E601]" in err and "W602" not in err, f"a batch that was asked for: {rc} {err}")
    rc, out, err = gpu(*args, **dict(fail, FAIL="1,on"))
    check(rc == 6 and "error[E601]" in err, f"no memory at all: {rc} {err}")


def painted():
    """A filter on the GPU draws as well: every frame comes out, and memory that ends is told of."""
    clip("a.mp4", 40, audio=False)
    args = ["detect", "-m", "nano.gdw", "a.mp4", "--filter", "gaussian", "--show-fps", "-o", "b.mp4", "-y"]
    rc, out, err = gpu(*args, "--device", "cuda")
    check(rc == 0 and count("b.mp4") == 40, f"{rc} {out} {err}")
    check(spread_above("b.mp4") < 40, "the host drew the rate")
    rc, out, err = run(*args, "--device", "cpu")
    check(rc == 0 and count("b.mp4") == 40 and spread_above("b.mp4") > 90, f"{rc} {err}")


main(halved, painted)
