# faster_rcnn_v2_parity_test.py -- Faster R-CNN R50-FPN, second generation: detections of torchvision.
import sys

from own_size_parity import check

sys.exit(check("fasterrcnn_resnet50_fpn_v2", 100, "0.05", (320, 533)))
