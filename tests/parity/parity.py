# parity.py -- what the live parity tests share: seeded models, pictures, our programs, matching.
"""Weights are seeded, saved by torch.save and converted by gdconvert; pictures are real ones of
the test data. A test exits 77 with the reason where an oracle or the data is missing."""
import atexit
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
ROOT = os.environ.get("GD_ROOT", os.getcwd())
BUILD = os.environ.get("GD_BUILD", os.path.join(ROOT, "build/ci"))
DATA = os.environ.get("GD_DATA", os.path.join(ROOT, "../shared/data"))
# The sanitizers make gdrun several times slower: fewer pictures there, values alone elsewhere.
SANITIZED = bool(os.environ.get("GD_SANITIZE"))
# Architectures that models.def says this test holds, and that it has not converted yet.
HELD = set()


def skip(reason):
    HELD.clear()
    print("skipped:", reason)
    sys.exit(77)


def few(sizes, n):
    """The first n sizes of a model, which share their code; all of them with GD_LONG=1."""
    if os.environ.get("GD_LONG") or n >= len(sizes):
        return sizes
    print("left out without GD_LONG=1:", *(s if isinstance(s, str) else s[0] for s in sizes[n:]))
    HELD.clear()  # the long check sees to it
    return sizes[:n]


try:
    import numpy as np
    import torch
    import torchvision
    from PIL import Image, ImageOps
    from seeded import damp_branches, prepare, scale_heads, seed_norms, settle_norms
except ImportError as e:
    skip(f"no oracle: {e}")
if not os.path.isdir(os.path.join(DATA, "coco-mini/dev/images")):
    skip("the test data is not here")
torch.set_num_threads(min(2, os.cpu_count() or 1))


def run(*argv):
    """Output of a program of ours; its message on stderr ends the test when it fails."""
    p = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        sys.exit(f"{argv[0]} exited {p.returncode}: {p.stderr.decode()}")
    return p.stdout


def gdrun(*argv):
    return run(os.path.join(BUILD, "gdrun"), *argv)


def convert(source, out, *argv):
    run(os.path.join(BUILD, "gdconvert"), source, "-o", out, "-y", *argv)
    if HELD:
        HELD.discard(argv[argv.index("--arch") + 1] if "--arch" in argv else architecture(out))
    return out


def architecture(model):
    return re.search(r"^architecture +(\S+)", gdrun("info", model).decode(), re.M)[1]


def held_by(test):
    """Architectures that layers/models/models.def says this test holds to their truth."""
    with open(os.path.join(ROOT, "layers/models/models.def")) as f:
        return set(re.findall(rf"^GD_MODEL\((\w+), {re.escape(test)}\)$", f.read(), re.M))


def check_held():
    if HELD:
        print("models.def names this test for models that it left out:", *sorted(HELD), flush=True)
        os._exit(1)


if not SANITIZED:  # they see fewer models
    HELD |= held_by(os.path.basename(sys.argv[0]).replace("_parity_test.py", ""))
atexit.register(check_held)


def strip(im):
    """A band of the picture, eight times as wide as high. The rule of 800 by 1333 pixels makes a
    fifth of the usual input of it: for tests that need the network, not its full size."""
    high = max(im.width // 8, 1)
    top = (im.height - high) // 2
    return im.crop((0, top, im.width, top + high))


def pictures(folder, count, cut=None):
    """Real pictures of different sizes: JPEG as they are, and one each in grey, turned by EXIF,
    CMYK, and PNG with alpha; `cut` makes another picture of each first. Paths, in a fixed order."""
    source = os.path.join(DATA, "coco-mini/dev/images")
    sizes, plain = set(), []
    for name in sorted(os.listdir(source)):
        path = os.path.join(source, name)
        with Image.open(path) as im:
            if im.mode == "RGB" and im.size not in sizes:
                sizes.add(im.size)
                plain.append(path)
    paths = plain[: count - 4]
    if cut:
        paths = [os.path.join(folder, os.path.basename(p)) for p in paths]
        for path, whole in zip(paths, plain):
            cut(Image.open(whole)).save(path, quality=92)
    grey, turned, cmyk, alpha = ((cut or Image.Image.copy)(Image.open(p).convert("RGB"))
                                 for p in plain[count - 4: count])
    made = [os.path.join(folder, n) for n in ("grey.jpg", "turned.jpg", "cmyk.jpg", "alpha.png")]
    grey.convert("L").save(made[0], quality=92)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(made[1], quality=92, exif=exif)
    cmyk.convert("CMYK").save(made[2], quality=92)
    alpha.putalpha(alpha.convert("L"))
    alpha.save(made[3])
    return paths + made


def load(path):
    """The picture as every reference reads it: displayed orientation, RGB."""
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def iou(a, b):
    x = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    y = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - x * y
    return x * y / area if area > 0 else 1.0


def unmatched(some, others, min_iou=0.999, max_score=1e-4):
    """Detections (label, score, box) of `some` without an equal in `others`."""
    left, lost = list(others), []
    for d in some:
        best = max((o for o in left if o[0] == d[0] and abs(o[1] - d[1]) <= max_score),
                   key=lambda o: iou(o[2], d[2]), default=None)
        if best is None or iou(best[2], d[2]) <= min_iou:
            lost.append(d)
        else:
            left.remove(best)
    return lost


def differences(ours, theirs, cut=100, near=5e-4):
    """Detections of one side that the other lacks, but those near a cut at `cut`; and how many
    those were."""
    floor = -1.0
    if len(theirs) >= cut or len(ours) >= cut:
        floor = max(min(d[1] for d in side) for side in (ours, theirs) if len(side) >= cut) + near
    keep = lambda side: [d for d in side if d[1] > floor]
    left_out = len(ours) + len(theirs) - len(keep(ours)) - len(keep(theirs))
    return unmatched(keep(ours), theirs) + unmatched(keep(theirs), ours), left_out


def detect(model, paths, *argv):
    """{path: [(category id, score, [x1, y1, x2, y2])]} from one run of gdrun detect."""
    out = json.loads(gdrun("detect", "-m", model, *paths, "--json", "-", "-q", *argv))
    result = {}
    for frame in out["frames"]:
        result[frame["source"]] = [(d["category_id"], d["conf"], d["box"])
                                   for d in frame["detections"]]
    return result


def workspace():
    return tempfile.TemporaryDirectory(prefix="gdrun-parity-")
