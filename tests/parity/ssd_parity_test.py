# ssd_parity_test.py -- SSD300 on VGG-16: detections of torchvision.
import sys

from own_size_parity import check, favour

sys.exit(check("ssd300_vgg16", 200, 0.01, change=favour))
