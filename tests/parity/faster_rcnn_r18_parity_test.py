# faster_rcnn_r18_parity_test.py -- Faster R-CNN R18-FPN, 21 classes: detections of torchvision.
import sys

from detector_parity import check

sys.exit(check("resnet18", 21, 3))
