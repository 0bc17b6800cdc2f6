# faster_rcnn_r50_parity_test.py -- Faster R-CNN R50-FPN, 91 classes: detections of torchvision.
import sys

from detector_parity import check

sys.exit(check("resnet50", 91, 2))
