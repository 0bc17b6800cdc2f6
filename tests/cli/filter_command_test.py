# filter_command_test.py -- gdrun filter: pixels against OpenCV and the paper, outputs, and what is refused.
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import PICTURES, check, main, run  # noqa: E402

try:
    import cv2
    import numpy as np
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)


def filtered(spec, path="dog.png", **kw):
    """The picture after `gdrun filter`, RGB."""
    rc, out, err = run("filter", "-f", spec, path, "-o", "out.png", "-y", "--device", "cpu", **kw)
    check(rc == 0 and out == "", f"{spec}: {rc} {err}")
    return cv2.imread("out.png")[:, :, ::-1].astype(np.float64)


def box(a, r):
    h, w = a.shape
    c = np.zeros((h + 1, w + 1))
    c[1:, 1:] = a.cumsum(0).cumsum(1)
    y0, y1 = np.clip(np.arange(h) - r, 0, h), np.clip(np.arange(h) + r + 1, 0, h)
    x0, x1 = np.clip(np.arange(w) - r, 0, w), np.clip(np.arange(w) + r + 1, 0, w)
    return c[np.ix_(y1, x1)] - c[np.ix_(y0, x1)] - c[np.ix_(y1, x0)] + c[np.ix_(y0, x0)]


def guided(I, p, r, eps):
    """He, Sun and Tang: values 0 .. 1."""
    n, G = box(np.ones(I.shape[:2]), r), I.shape[2]
    mean = lambda a: box(a, r) / n
    m = np.stack([mean(I[..., g]) for g in range(G)], -1)
    S = np.stack([np.stack([mean(I[..., g] * I[..., h]) - m[..., g] * m[..., h]
                            for h in range(G)], -1) for g in range(G)], -2) + eps * np.eye(G)
    q = np.empty_like(p)
    for c in range(p.shape[2]):
        mp = mean(p[..., c])
        v = np.stack([mean(I[..., g] * p[..., c]) - m[..., g] * mp for g in range(G)], -1)
        a = np.linalg.solve(S, v[..., None])[..., 0]
        b = mp - (a * m).sum(-1)
        q[..., c] = sum(mean(a[..., g]) * I[..., g] for g in range(G)) + mean(b)
    return q


def pixels():
    """Every filter on a real picture, to a byte: OpenCV where it has it, else the paper."""
    bgr = cv2.resize(cv2.imread(PICTURES[0]), (301, 203), interpolation=cv2.INTER_AREA)
    cv2.imwrite("dog.png", bgr)
    x = bgr[:, :, ::-1].astype(np.float64)
    small = np.ascontiguousarray(x[::-1, :, :].astype(np.float32))[::-1]
    grey = (x @ [0.299, 0.587, 0.114])[..., None]
    byte = lambda v: np.clip(np.rint(v), 0, 255)
    sobel = lambda v, k, **kw: (cv2.Sobel(v, cv2.CV_64F, 1, 0, ksize=k, **kw),
                                cv2.Sobel(v, cv2.CV_64F, 0, 1, ksize=k, **kw))
    wanted = {
        "gaussian": cv2.GaussianBlur(x, (11, 11), 1.5),
        "gaussian:sigma=3,size=7": cv2.GaussianBlur(x, (7, 7), 3),
        "gaussian:sigma=42": cv2.GaussianBlur(x, (253, 253), 42),
        "bilateral": cv2.bilateralFilter(np.ascontiguousarray(small), 9, 25, 4),
        "sharpen:amount=1.5,sigma=2": 2.5 * x - 1.5 * cv2.GaussianBlur(x, (13, 13), 2),
        "sobel": np.hypot(*sobel(x, 3)),
        "sobel:along=x,size=5,scale=0.125": abs(sobel(x, 5, scale=0.125)[0]),
        "sobel:along=y,size=7,scale=0.01": abs(sobel(x, 7, scale=0.01)[1]),
        "sobel:grey=yes": np.repeat(np.hypot(*sobel(grey, 3))[..., None], 3, 2),
        "guided": 255 * guided(x / 255, x / 255, 8, 0.01),
        "guided:radius=3,eps=1e-4": 255 * guided(x / 255, x / 255, 3, 1e-4),
        "guided:radius=4,eps=0.04,guide=grey": 255 * guided(grey / 255, x / 255, 4, 0.04),
        "guided:radius=30000,eps=0.1": 255 * guided(x / 255, x / 255, 30000, 0.1),
    }
    for spec, want in wanted.items():
        got, want = filtered(spec), byte(want)
        off = np.abs(got - want)
        check(off.max() <= 1 and (off > 0).mean() < 0.01,
              f"{spec}: up to {off.max()} off, {100 * (off > 0).mean():.3f} % of the values")
        check(np.abs(want - x).max() > 2, f"{spec} does nothing")


def outputs():
    os.mkdir("in")
    for i, p in enumerate(PICTURES[:2]):
        shutil.copy(p, f"in/{i}.jpg")
    cv2.imwrite("in/one.bmp", np.full((1, 1, 3), (10, 20, 30), np.uint8))
    rc, out, err = run("filter", "-f", "guided:radius=4", "in", "-o", "out/", "--json", "-",
                       "--device", "cpu")
    check(rc == 0 and sorted(os.listdir("out")) == ["0.jpg", "1.jpg", "one.bmp"], f"{rc} {err}")
    r = json.loads(out)
    check(r["filter"] == "guided:radius=4,eps=0.01,guide=color" and r["device"] == "cpu" and
          r["filtered"] == 3 and r["failed"] == 0 and len(r["pictures"]) == 3, r)
    check(all(p["ms"]["filter"] >= p["ms"]["device"] > 0 and os.path.exists(p["output"])
              for p in r["pictures"]), r)
    check((cv2.imread("out/one.bmp")[0, 0] == (10, 20, 30)).all(), "a picture of one pixel")
    rc, out, err = run("filter", "-f", "sobel", "in", "-o", "out/")
    check(rc == 9 and "E" in err, f"replaced without -y: {rc} {err}")
    rc, out, err = run("filter", "-f", "sobel", "in", "-o", "out/", "-y", "--json", "t.json", "-q")
    check(rc == 0 and err == "" and json.load(open("t.json"))["filtered"] == 3, f"-y: {rc} {err}")
    with open("in/1.jpg", "rb") as f:
        rc, out, err = run("filter", "-f", "gaussian", "-", "-o", "stdin.png", stdin=f)
    check(rc == 0 and cv2.imread("stdin.png") is not None, f"stdin: {rc} {err}")


def refused():
    with open("bad.jpg", "wb") as f:
        f.write(b"\xff\xd8\xff\xe0 no picture")
    rc, out, err = run("filter", "-f", "gaussian", "tiny.png", "bad.jpg", "-o", "some/",
                       "--json", "s.json")
    check(rc == 1 and os.listdir("some") == ["tiny.png"], f"one of two: {rc} {err}")
    r = json.load(open("s.json"))
    check(r["failed"] == 1 and r["pictures"][1]["error"]["code"] // 100 == 3, r)
    for want, code, args in (
            (2, 207, ["tiny.png", "-o", "a.png"]),
            (2, 207, ["-f", "sobel", "-o", "a.png"]),
            (2, 207, ["-f", "sobel", "tiny.png"]),
            (2, 204, ["-f", "blur", "tiny.png", "-o", "a.png"]),
            (2, 204, ["-f", "guided:radius=-1", "tiny.png", "-o", "a.png"]),
            (2, 204, ["-f", "guided:sigma=1", "tiny.png", "-o", "a.png"]),
            (2, 204, ["-f", "sobel", "tiny.png", "-o", "a.gif"]),
            (2, 208, ["-f", "sobel", "tiny.png", "-o", "tiny.png", "-y"]),
            (2, 209, ["-f", "sobel", "tiny.png", "tiny.png", "-o", "a.png"]),
            (2, 201, ["-f", "sobel", "tiny.png", "-o", "a.png", "--conf", "1"]),
            (3, None, ["-f", "sobel", "nothing.png", "-o", "a.png"]),
            (5, None, ["-f", "sobel", "tiny.png", "-o", "a.png", "--device", "cuda:63"]),
            (9, None, ["-f", "sobel", "tiny.png", "-o", "/dev/null/a/"]),
            (9, None, ["-f", "sobel", "tiny.png", "-o", "nowhere/a.png"])):
        rc, out, err = run("filter", *args)
        check(rc == want and (code is None or f"E{code}" in err), f"{args}: {rc} {err}")
    check(not os.path.exists("a.png"), "something was written")
    rc, out, err = run("filter", "--help")
    check(rc == 0 and "guided:radius=8" in out and "--output" in out and "--iou" not in out, out)


main(pixels, outputs, refused)
