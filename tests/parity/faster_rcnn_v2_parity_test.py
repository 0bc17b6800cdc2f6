# faster_rcnn_v2_parity_test.py -- Faster R-CNN R50-FPN, second generation: detections of torchvision.
import sys

from detector_parity import check_arch

sys.exit(check_arch("fasterrcnn_resnet50_fpn_v2", 21, 3, cut=100))
