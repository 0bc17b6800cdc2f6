# retinanet_parity_test.py -- RetinaNet R50-FPN: detections of torchvision.
import sys

from own_size_parity import check

sys.exit(check("retinanet_resnet50_fpn", 300, "0.05", (320, 533)))
