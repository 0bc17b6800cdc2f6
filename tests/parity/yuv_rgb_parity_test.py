# yuv_rgb_parity_test.py -- decoded planes to RGB against libswscale, which converts them on the CPU: every byte.
"""Both matrices' gains and both ranges, at sizes that its vector code takes whole."""
import ctypes
import ctypes.util
import sys

import numpy as np

import op_bridge

SPACES = {"BT.601": 5, "BT.709": 1, "BT.2020": 9}
GAINS = {("BT.601", 0): (9539, 13075, -3209, -6660, 16525, 16), ("BT.601", 1): (8192, 11485, -2819, -5850, 14516, 0),
         ("BT.709", 0): (9539, 14686, -1747, -4366, 17305, 16), ("BT.709", 1): (8192, 12901, -1534, -3835, 15201, 0),
         ("BT.2020", 0): (9539, 13752, -1535, -5328, 17545, 16), ("BT.2020", 1): (8192, 12080, -1348, -4680, 15412, 0)}
YUV420P, RGB24, BILINEAR = 0, 2, 2


def library():
    for name in ("libswscale.so.6", "libswscale.so.7", "libswscale.so.8", "libswscale.so"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            pass
    op_bridge.skip("no libswscale")


def pointers(*arrays):
    return (ctypes.c_void_p * 4)(*[a.ctypes.data for a in arrays])


def convert(lib, y, u, v, space, full):
    """RGB of the planes as the video plugin asks libswscale for it."""
    h, w = y.shape
    lib.sws_getContext.restype = lib.sws_getCoefficients.restype = ctypes.c_void_p
    coefficients = [ctypes.c_void_p(lib.sws_getCoefficients(s)) for s in (space, 5)]
    context = ctypes.c_void_p(lib.sws_getContext(w, h, YUV420P, w, h, RGB24, BILINEAR, None, None, None))
    lib.sws_setColorspaceDetails(context, coefficients[0], full, coefficients[1], 1, 0, 1 << 16, 1 << 16)
    out = np.zeros(h * w * 3 + 64, np.uint8)
    lib.sws_scale(context, pointers(y, u, v), (ctypes.c_int * 4)(w, w // 2, w // 2), 0, h, pointers(out),
                  (ctypes.c_int * 4)(3 * w))
    lib.sws_freeContext(context)
    return out[:h * w * 3].reshape(h, w, 3)


def main():
    op_bridge.need("numpy")
    lib, checks, rng = library(), op_bridge.Checks(), np.random.RandomState(5)
    for (name, full), gain in GAINS.items():
        for h, w in ((64, 64), (18, 480)):
            y = rng.randint(0, 256, (h, w)).astype(np.uint8)
            u, v = (rng.randint(0, 256, (h // 2, w // 2)).astype(np.uint8) for _ in range(2))
            want = convert(lib, y, u, v, SPACES[name], full)
            # Surfaces of a decoder have room behind their rows.
            luma, pairs = np.zeros((h, w + 32), np.uint8), np.zeros((h // 2, w + 48), np.uint8)
            luma[:, :w], pairs[:, 0:w:2], pairs[:, 1:w:2] = y, u, v
            got = op_bridge.run("yuv_rgb", [luma, pairs, np.float32(gain)], width=w)[0]
            apart = np.abs(got.astype(int) - want)
            checks.ok(got.shape == want.shape and apart.max() == 0, f"{name}, range {full}, {w} x {h}: "
                      f"{np.count_nonzero(apart)} bytes differ, by up to {apart.max()}")
    return checks.finish()


sys.exit(main())
