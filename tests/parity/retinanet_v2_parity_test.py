# retinanet_v2_parity_test.py -- RetinaNet R50-FPN, second generation: detections of torchvision.
import sys

from own_size_parity import check

sys.exit(check("retinanet_resnet50_fpn_v2", 300, "0.05", (320, 533)))
