# retinanet_parity_test.py -- RetinaNet R50-FPN: detections of torchvision.
import sys

from detector_parity import check_arch

sys.exit(check_arch("retinanet_resnet50_fpn", 91, 2, cut=300))
