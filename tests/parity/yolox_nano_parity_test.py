# yolox_nano_parity_test.py -- the real YOLOX-nano: golden detections, raw head, average precision.
"""The average precision is judged by pycocotools in the venv that tools/check makes; without it
the rest is checked and the test counts as skipped."""
import hashlib
import json
import os
import subprocess
import sys

from parity import (DATA, ROOT, SANITIZED, convert, detect, gdrun, iou, np, skip, unmatched,
                    workspace)
from yolox import PICTURES, golden, letterbox, raw_head

WEIGHTS = os.path.join(DATA, "yolox/yolox_nano.pth")
if not os.path.exists(WEIGHTS):
    skip("yolox_nano.pth is not here")
INSTANCES = os.path.join(DATA, "coco-mini/dev/instances.json")
THOROUGH = ("--max-det", "0", "--conf", "0.001", "--iou", "0.65")
DISPLAY = ("--max-det", "0", "--conf", "0.25", "--iou", "0.45")
JUDGE = """
import contextlib, io, json, sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    judge = COCOeval(truth, truth.loadRes(sys.argv[2]), "bbox")
    judge.evaluate(), judge.accumulate(), judge.summarize()
print(json.dumps([float(v) for v in judge.stats]))
"""


def corners(b):
    return [b[0], b[1], b[0] + b[2], b[1] + b[3]]


def by_picture(results):
    """{image id: [(category, score, corners)]} of a file in the COCO results format."""
    out = {}
    for d in results:
        out.setdefault(d["image_id"], []).append(
            (d["category_id"], d["score"], corners(d["bbox"])))
    return out


def lost(some, others, pixels=0.5, score=1e-4):
    """Detections of `some` without one of `others` within half a pixel at each corner."""
    left, out = list(others), []
    for c, s, b in some:
        near = [o for o in left if o[0] == c and abs(o[1] - s) <= score and
                max(abs(x - y) for x, y in zip(o[2], b)) <= pixels]
        if near:
            left.remove(min(near, key=lambda o: abs(o[1] - s)))
        else:
            out.append((c, s, b))
    return out


def same(name, ours, theirs):
    """Every detection on both sides; a score within 1e-6 of the threshold may fall either way."""
    floor = min(d[1] for side in (ours, theirs) for v in side.values() for d in v) + 1e-6
    n = bad = 0
    for key in sorted(set(ours) | set(theirs)):
        a, b = ours.get(key, []), theirs.get(key, [])
        odd = [d for d in lost(a, b) + lost(b, a) if d[1] > floor]
        n += len(b)
        bad += len(odd)
        for d in odd[:2]:
            print(f"{name} {key}: differs", d)
    print(f"{name}: {n} golden detections, {bad} differ")
    return n > 0 and bad == 0


def check_dev(model, folder):
    """The 40 pictures, to both golden files; returns the results for the judge."""
    thorough, display = (os.path.join(folder, n) for n in ("thorough.json", "display.json"))
    gdrun("detect", "-m", model, PICTURES, *THOROUGH, "--coco", thorough, "-q")
    gdrun("detect", "-m", model, PICTURES, *DISPLAY, "--coco", display, "-q")
    ok = True
    for path, name in ((thorough, "yolox_nano.conf0.001-nms0.65.dev.json.gz"),
                       (display, "yolox_nano.conf0.25-nms0.45.dev.json")):
        with open(path) as f:
            ok &= same(name, by_picture(json.load(f)), by_picture(golden(name)))
    return ok, thorough, display


def check_images(model):
    """The five pictures of images/, which are hard on JPEG decoders."""
    want = golden("images.conf0.25-nms0.45.json")
    paths = [os.path.join(DATA, "images", name) for name in want]
    out = json.loads(gdrun("detect", "-m", model, *paths, *DISPLAY, "--json", "-", "-q"))
    ours = {os.path.basename(f["source"]):
            [(d["name"], d["conf"], d["box"]) for d in f["detections"]] for f in out["frames"]}
    theirs = {name: [(d["category"], d["score"], corners(d["bbox"])) for d in v["yolox_nano"]]
              for name, v in want.items()}
    return same("images", ours, theirs)


def check_raw(model):
    """Sums of the raw head of every picture, and single values against a float64 run."""
    samples = {s["image_id"]: s for s in golden("yolox_nano.raw_samples.dev.json")}
    inputs = golden("yolox_nano.inputs.dev.json")
    if SANITIZED:
        inputs = [i for i in inputs if i["image_id"] in samples][:1]
    worst_sum = worst_box = worst_probability = 0.0
    for want in inputs:
        image, _ = letterbox(os.path.join(PICTURES, want["file_name"]), 416)
        if hashlib.sha256(np.ascontiguousarray(image.transpose(2, 0, 1))).hexdigest() \
                != want["input_chw_u8_sha256"]:
            print(want["file_name"], "OpenCV gives another network input")
            return False
        raw = raw_head(model, image, fused=True)
        for ours, theirs in ((raw.sum(), want["raw_head_sum"]),
                             (np.square(raw).sum(), want["raw_head_sumsq"])):
            worst_sum = max(worst_sum, abs(ours - theirs) / abs(theirs))
        for row, values in samples.get(want["image_id"], {"rows": {}})["rows"].items():
            diff = np.abs(raw[int(row)] - np.array(values))
            worst_box = max(worst_box, diff[:4].max())
            worst_probability = max(worst_probability, diff[4:].max())
    print(f"raw head of {len(inputs)} pictures: sums within {worst_sum:.1e}, boxes within "
          f"{worst_box:.1e}, probabilities within {worst_probability:.1e}")
    return worst_sum <= 5e-6 and worst_box <= 5e-4 and worst_probability <= 5e-5


def judge(thorough, display):
    """The twelve numbers of both files by pycocotools; None where it is missing."""
    python = os.path.join(ROOT, "build/venv/bin/python")
    if not os.path.exists(python):
        return None
    ok, want = True, golden("metrics.dev.json")
    for path, name in ((thorough, "yolox_nano.conf0.001-nms0.65.json.gz"),
                       (display, "yolox_nano.conf0.25-nms0.45.json")):
        p = subprocess.run([python, "-c", JUDGE, INSTANCES, path], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
        if "ModuleNotFoundError" in p.stderr:
            return None
        if p.returncode:
            sys.exit(p.stderr)
        ours, theirs = json.loads(p.stdout), list(want[name]["metrics"].values())
        worst = max(abs(a - b) for a, b in zip(ours, theirs))
        print(f"{name}: AP {ours[0]:.6f}, golden {theirs[0]:.6f}; twelve numbers within "
              f"{worst:.1e}")
        ok &= len(ours) == len(theirs) == 12 and worst <= 0.001
    return ok


with workspace() as folder:
    model = convert(WEIGHTS, os.path.join(folder, "nano.gdw"))
    ok, thorough, display = check_dev(model, folder)
    ok &= check_images(model)
    ok &= check_raw(model)
    judged = judge(thorough, display)
if not ok or judged is False:
    sys.exit(1)
if judged is None:
    skip("no pycocotools in build/venv judges the average precision; the rest agreed")
