# gd_seg.py -- a segmenter small enough for tests of the command line, and two pictures for it.
import os
import subprocess
import sys

from gd_cli import CLEAN, GDCONVERT, PICTURES

try:
    import numpy as np  # noqa: F401
    import torch
    from PIL import Image
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
    from deeplab_parity import damp_branches, reference, seed_norms, spread_head
    from deeplab_twin import DeepLabV3Plus
except ImportError as e:
    print(f"skipped: no model: {e}")
    sys.exit(77)

SIZE = 96


def make():
    """seg.gdw: a DeepLabV3+ whose classes all occur; a.jpg and b.png, real pictures made small."""
    if os.path.exists("seg.gdw"):
        return
    for name, source, width, height in (("a.jpg", 0, 150, 110), ("b.png", 4, 90, 121)):
        Image.open(PICTURES[source]).resize((width, height)).save(name)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = DeepLabV3Plus("resnet50", 16, width=32, width_per_group=8).eval()
    seed_norms(model, 1)
    damp_branches(model)
    spread_head(model, reference(model, Image.open("a.jpg"), SIZE)[1])
    torch.save(model.state_dict(), "seg.pth")
    subprocess.run([GDCONVERT, "seg.pth", "-o", "seg.gdw", "--arch", "deeplabv3plus_resnet50", "--set",
                    f"input.short={SIZE}"], env=CLEAN, check=True, stderr=subprocess.DEVNULL)
