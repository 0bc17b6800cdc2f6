# yolo_p6_parity_test.py -- YOLOv5 with a fourth level, n6 to x6, from pickled modules, and the twin.
import sys

from parity import SANITIZED, few, pictures, workspace
from yolo_parity import check

NAMES = ["cat", "traffic light", "bus"]
with workspace() as folder:
    paths = pictures(folder, 8)[:4]
    sizes = "n" + ("" if SANITIZED else few("smlx", 1))  # n6 on all pictures, the others on one
    ok = [check(f"yolov5{size}6", NAMES, size != "n", folder, paths, False, SANITIZED or size != "n")
          for size in sizes]
sys.exit(0 if all(ok) else 1)
