# golden.py -- comparing with the golden files of the test data: detections, average precision.
import gzip
import json
import os

from parity import DATA, gdrun

PICTURES = os.path.join(DATA, "coco-mini/dev/images")
GOLDEN = os.path.join(DATA, "golden")
INSTANCES = os.path.join(DATA, "coco-mini/dev/instances.json")


def golden(name):
    path = os.path.join(GOLDEN, name)
    with (gzip.open if name.endswith(".gz") else open)(path, "rt") as f:
        return json.load(f)


def corners(b):
    return [b[0], b[1], b[0] + b[2], b[1] + b[3]]


def by_picture(results):
    """{image id: [(category, score, corners)]} of a file in the COCO results format."""
    out = {}
    for d in results:
        out.setdefault(d["image_id"], []).append(
            (d["category_id"], d["score"], corners(d["bbox"])))
    return out


def lost(some, others, pixels=0.5, score=1e-4):
    """Detections of `some` without one of `others` within half a pixel at each corner."""
    left, out = {}, []
    for o in others:
        left.setdefault(o[0], []).append(o)
    for c, s, b in some:
        near = [o for o in left.get(c, []) if abs(o[1] - s) <= score and
                max(abs(x - y) for x, y in zip(o[2], b)) <= pixels]
        if near:
            left[c].remove(min(near, key=lambda o: abs(o[1] - s)))
        else:
            out.append((c, s, b))
    return out


def same(name, ours, theirs):
    """Every detection on both sides; a score within 1e-6 of the threshold may fall either way."""
    floor = min(d[1] for side in (ours, theirs) for v in side.values() for d in v) + 1e-6
    n = bad = 0
    for key in sorted(set(ours) | set(theirs)):
        a, b = ours.get(key, []), theirs.get(key, [])
        odd = [d for d in lost(a, b) + lost(b, a) if d[1] > floor]
        n += len(b)
        bad += len(odd)
        for d in odd[:2]:
            print(f"{name} {key}: differs", d)
    print(f"{name}: {n} golden detections, {bad} differ")
    return n > 0 and bad == 0


def pictured(results):
    """{source: [(name, score, corners)]} of gdrun's JSON."""
    return {os.path.basename(f["source"]):
            [(d["name"], d["conf"], d["box"]) for d in f["detections"]] for f in results["frames"]}


def judge(files):
    """The twelve numbers of {path: name of the golden file}; gdrun eval gives those of pycocotools, to
    which eval_pycocotools_test.py holds it."""
    ok, want = True, golden("metrics.dev.json")
    for path, name in files.items():
        report = json.loads(gdrun("eval", "--detections", path, "--data", INSTANCES, "--json", "-"))
        ours = list(report["coco"].values())
        theirs = list(want[name]["metrics"].values())
        worst = max(abs(a - b) for a, b in zip(ours, theirs))
        print(f"{name}: AP {ours[0]:.6f}, golden {theirs[0]:.6f}; twelve numbers within "
              f"{worst:.1e}")
        ok &= len(ours) == len(theirs) == 12 and worst <= 0.001
    return ok
