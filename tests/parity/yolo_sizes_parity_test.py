# yolo_sizes_parity_test.py -- YOLOv5 and YOLOv8, m, l and x, on a small picture, against the twin.
import sys

from parity import SANITIZED, few, pictures, skip, workspace
from yolo_parity import check

if SANITIZED:
    skip("the same code as n and s, and slow under the sanitizers")
NAMES = ["cat", "traffic light"]
with workspace() as folder:
    paths = pictures(folder, 8)[:4]
    sizes = few("mlx", 1)
    ok = [check(family + size, NAMES, True, folder, paths, False, few=True)
          for family in ("yolov5", "yolov8") for size in sizes]
sys.exit(0 if all(ok) else 1)
