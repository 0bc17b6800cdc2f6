# eval_voc_test.py -- Pascal VOC's average precision against its definition written again, and by hand.
import os
import random
import sys
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from eval_cases import ours, pack, random_case  # noqa: E402

bad = 0


def shared(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return w * h if w > 0 and h > 0 else 0.0


def overlap(a, b):
    return shared(a, b) / (a[2] * a[3] + b[2] * b[3] - shared(a, b))


def class_ap(truth, found, c):
    """(AP of 2007, AP since 2010) as the development kit computes them; recall is a fraction."""
    objects, crowds = {}, {}
    for b, a, i, k, crowd, difficult in truth:
        if k == c:
            (crowds if crowd else objects).setdefault(i, []).append([b, difficult, False])
    n = sum(not o[1] for v in objects.values() for o in v)
    if not n:
        return -1.0, -1.0
    hits, points = [], []
    for b, s, i, k in sorted((f for f in found if f[3] == c), key=lambda f: (-f[1], f[2])):
        best = max(objects.get(i, []), key=lambda o: overlap(o[0], b), default=None)
        if best is None or overlap(best[0], b) < 0.5:
            if any(shared(o[0], b) / (b[2] * b[3]) >= 0.5 for o in crowds.get(i, [])):
                continue
            hits.append(0)
        elif best[1]:
            continue
        else:
            hits.append(0 if best[2] else 1)
            best[2] = True
        points.append((Fraction(sum(hits), n), sum(hits) / len(hits)))
    eleven = sum(max([p for r, p in points if r >= Fraction(t, 10)], default=0) for t in range(11)) / 11
    area, before = 0.0, Fraction(0)
    for k, (r, p) in enumerate(points):
        if r > before:
            area += float(r - before) * max(q for _, q in points[k:])
        before = r
    return eleven, area


def hold(name, images, classes, truth, found):
    global bad
    got = ours([pack(images, classes, truth, found)])[0]
    inside = [f for f in found if 0 <= f[2] < images]
    want = [class_ap(truth, inside, c) for c in range(classes)]
    off = max([abs(a - w[0]) for a, w in zip(got["voc07"], want)] + [abs(a - w[1]) for a, w in zip(got["voc"], want)])
    there = [w for w in want if w[0] >= 0]
    for key, k in (("map07", 0), ("map", 1)):
        off = max(off, abs(got[key] - (sum(w[k] for w in there) / len(there) if there else -1)))
    if not off < 1e-12:
        bad += 1
        print("FAILED", name, off, got, want)


rng = random.Random(9)
for n in range(60):
    images, classes = rng.randrange(1, 12), rng.randrange(1, 5)
    truth, found = random_case(rng, images, classes, rng.randrange(1, 9), n % 3 == 0)
    truth = [t[:5] + (int(rng.random() < 0.2),) for t in truth]
    hold(f"random {n}", images, classes, truth, found)

# Worked on paper: two objects; found right, wrong, right gives precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
objects = [([0, 0, 10, 10], 100, 0, 0, 0, 0), ([50, 0, 10, 10], 100, 0, 0, 0, 0)]
three = [([0, 0, 10, 10], 0.9, 0, 0), ([200, 0, 10, 10], 0.8, 0, 0), ([50, 0, 10, 10], 0.7, 0, 0)]
paper = ours([pack(1, 1, objects, three)])[0]
if abs(paper["map07"] - (6 * 1 + 5 * 2 / 3) / 11) > 1e-12 or abs(paper["map"] - (0.5 + 0.5 * 2 / 3)) > 1e-12:
    bad += 1
    print("FAILED on paper", paper)
# A difficult object: finding it is no error, missing it neither. A second detection is an error.
hard = [objects[0], objects[1][:5] + (1,)]
paper = ours([pack(1, 1, hard, [three[2], three[0], ([1, 0, 10, 10], 0.6, 0, 0)])])[0]
if paper["map"] != 1 or abs(paper["stats"][0] - 1) > 1e-12:
    bad += 1
    print("FAILED: difficult", paper)
print("60 random sets and 2 on paper")
sys.exit(1 if bad else 0)
