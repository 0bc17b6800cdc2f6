# faster_rcnn_r50_parity_test.py -- Faster R-CNN R50-FPN, 91 classes: detections of torchvision.
import sys

from detector_parity import check
from parity import SANITIZED, skip

if SANITIZED:
    skip("the blocks of ResNet-50 and the detector of R18-FPN, which run under the sanitizers")
sys.exit(check("resnet50", 91, 3, 4))
