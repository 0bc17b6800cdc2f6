# retinanet_v2_parity_test.py -- RetinaNet R50-FPN, second generation: detections of torchvision.
import sys

from detector_parity import check_arch

sys.exit(check_arch("retinanet_resnet50_fpn_v2", 91, 2, cut=300))
