# yolo_parity_test.py -- YOLOv5 and YOLOv8, n and s, from pickled modules, against a PyTorch twin.
"""Raw heads, detections on pictures of different sizes, class names; and the published numbers of
parameters, of every size."""
import os
import sys

import yolo_twin
from parity import SANITIZED, convert, gdrun, pictures, torch, torchvision, workspace
from yolo_parity import as_input, check, check_heads, letterbox, side

PUBLISHED = {"yolov5n": 1.9, "yolov5s": 7.2, "yolov5m": 21.2, "yolov5l": 46.5, "yolov5x": 86.7,
             "yolov5n6": 3.2, "yolov5s6": 12.6, "yolov5m6": 35.7, "yolov5l6": 76.8, "yolov5x6": 140.7,
             "yolov8n": 3.2, "yolov8s": 11.2, "yolov8m": 25.9, "yolov8l": 43.7, "yolov8x": 68.2}
COCO = [c for c in torchvision.models.detection.FasterRCNN_ResNet50_FPN_Weights.COCO_V1
        .meta["categories"] if c not in ("__background__", "N/A")]
FEW = ["cat", "traffic light", "überholer"]


def check_odd(family, folded, folder, paths):
    """Widths and depths of no published size, with norms or without."""
    model = yolo_twin.build(family + "odd", FEW, 6)
    x = torch.cat([as_input(letterbox(p, side(model)[0], 0)[0]) for p in paths])
    model = yolo_twin.calibrate(model, x)
    if folded:
        model = yolo_twin.fold(model)
    pt, gdw = os.path.join(folder, "odd.pt"), os.path.join(folder, "odd.gdw")
    yolo_twin.checkpoint(model, pt, True)
    convert(pt, gdw, "--arch", family + "n")
    return check_heads("odd", f"{family} of odd widths" + ", folded" * folded, model, gdw, paths[0])


def check_counts(name, text):
    ours = float(next(l for l in text.splitlines() if l.startswith(name + " ")).split(" M ")[0]
                 .split()[-1])
    ok = abs(ours - PUBLISHED[name]) <= 0.1
    if not ok:
        print(f"{name}: {ours} M parameters, published {PUBLISHED[name]} M")
    return ok


CASES = (("yolov5n", COCO, False), ("yolov5s", FEW, True), ("yolov8n", dict(enumerate(FEW)), True),
         ("yolov8s", dict(enumerate(COCO)), False))
table = gdrun("help", "models").decode()
ok = all([check_counts(name, table) for name in PUBLISHED])
with workspace() as folder:
    paths = pictures(folder, 8)[:4]
    for name, names, trained in CASES[::2] if SANITIZED else CASES:
        ok &= check(name, names, trained, folder, paths, name.endswith("n") and not SANITIZED,
                    SANITIZED)
    if not SANITIZED:
        ok &= check_odd("yolov5", True, folder, paths)
        ok &= check_odd("yolov8", False, folder, paths)
sys.exit(0 if ok else 1)
