# ssdlite_parity_test.py -- SSDlite320 on MobileNetV3: detections of torchvision.
import sys

from own_size_parity import check, favour

sys.exit(check("ssdlite320_mobilenet_v3_large", 300, 0.001, change=favour))
