# faster_rcnn_sizes_parity_test.py -- Faster R-CNN R34, R101 and R152: detections of torchvision.
"""On one small picture each: of full size are the tests of R18 and R50."""
import sys

from detector_parity import check
from parity import SANITIZED, few, skip

if SANITIZED:
    skip("the same code as the detectors of R18 and R50, and slow under the sanitizers")
sys.exit(max(check("resnet" + depth, 21, 3, 1, small=(320, 533))
             for depth in few(("34", "101", "152"), 2)))
