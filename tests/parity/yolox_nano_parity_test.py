# yolox_nano_parity_test.py -- the real YOLOX-nano: golden detections, raw head, average precision.
import hashlib
import json
import os
import sys

from golden import PICTURES, by_picture, corners, golden, judge, pictured, same
from parity import DATA, SANITIZED, convert, gdrun, np, skip, workspace
from yolox import letterbox, raw_head

WEIGHTS = os.path.join(DATA, "yolox/yolox_nano.pth")
if not os.path.exists(WEIGHTS):
    skip("yolox_nano.pth is not here")
THOROUGH = ("--max-det", "0", "--conf", "0.001", "--iou", "0.65")
DISPLAY = ("--max-det", "0", "--conf", "0.25", "--iou", "0.45")


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
    ours = pictured(out)
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


with workspace() as folder:
    model = convert(WEIGHTS, os.path.join(folder, "nano.gdw"))
    ok, thorough, display = check_dev(model, folder)
    ok &= check_images(model)
    ok &= check_raw(model)
    ok &= judge({thorough: "yolox_nano.conf0.001-nms0.65.json.gz",
                 display: "yolox_nano.conf0.25-nms0.45.json"})
sys.exit(0 if ok else 1)
