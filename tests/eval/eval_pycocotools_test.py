# eval_pycocotools_test.py -- the 12 numbers of COCO equal pycocotools', on golden files and made-up sets.
import gzip
import json
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from eval_cases import coco_file, coco_results, need_judge, ours, pack, random_case, theirs  # noqa: E402

DATA = os.environ.get("GD_DATA", "../shared/data")
need_judge()
worst = 0.0
bad = 0


def hold(name, got, truth, results):
    global worst, bad
    stats, classes, _ = theirs(truth, results)
    off = max(abs(a - b) for a, b in zip(got["stats"] + got["classes"], stats + classes))
    worst = max(worst, off)
    if not off <= 1e-9:
        bad += 1
        print("FAILED", name, off, got["stats"], stats)


def golden():
    """The files of detections that others made, judged by both; and the numbers recorded with them."""
    global bad
    path = os.path.join(DATA, "coco-mini/dev/instances.json")
    if not os.path.exists(path):
        print("not run: the golden files are not here")
        return
    truth = json.load(open(path))
    want = json.load(open(os.path.join(DATA, "golden/metrics.dev.json")))
    images = {v: k for k, v in enumerate(sorted(i["id"] for i in truth["images"]))}
    classes = {v: k for k, v in enumerate(sorted(c["id"] for c in truth["categories"]))}
    objects = [(a["bbox"], a["area"], images[a["image_id"]], classes[a["category_id"]], a["iscrowd"], 0)
               for a in truth["annotations"]]
    names = sorted(n for n in os.listdir(os.path.join(DATA, "golden")) if ".dev.json" in n and "conf" in n)
    for name in names:
        full = os.path.join(DATA, "golden", name)
        results = json.load((gzip.open if name.endswith(".gz") else open)(full, "rt"))
        found = [(r["bbox"], r["score"], images[r["image_id"]], classes[r["category_id"]]) for r in results]
        got = ours([pack(len(images), len(classes), objects, found)])[0]
        record = list(want[name.replace(".dev", "")]["metrics"].values())
        off = max(abs(a - b) for a, b in zip(got["stats"], record))
        print(f"{name}: {len(found)} detections, AP {got['stats'][0]:.6f}, twelve numbers within {off:.1e}")
        if len(record) != 12 or not off <= 1e-6:
            bad += 1
            print("FAILED", got["stats"], record)
        hold(name, got, truth, results)
    if len(names) != 6:
        bad += 1
        print("FAILED: golden files", names)


def made_up():
    rng = random.Random(5)
    sets, names = [], []
    for n in range(60):
        images, classes = rng.randrange(1, 14), rng.randrange(1, 7)
        sets.append((images, classes, *random_case(rng, images, classes, rng.randrange(1, 9), n % 2 == 1)))
        names.append(f"random {n}")
    one = ([10, 10, 50, 60], 3000, 0, 0, 0, 0)
    crowd = ([0, 0, 300, 300], 90000, 0, 0, 1, 0)
    hit = ([11, 11, 50, 60], 0.9, 0, 0)
    for name, case in {
            "nothing found": (2, 2, [one], []),
            "nothing there": (2, 2, [], [hit]),
            "nothing at all": (1, 1, [], []),
            "only a crowd": (1, 1, [crowd], [hit, hit]),
            "a crowd takes what the object left": (1, 1, [crowd, one], [hit] * 3),
            "an object of the edge of two sizes": (1, 1, [([0, 0, 32, 32], 1024, 0, 0, 0, 0),
                                                          ([200, 0, 96, 96], 9216, 0, 0, 0, 0)],
                                                   [([0, 0, 32, 32], 0.5, 0, 0), ([200, 0, 96, 96], 0.5, 0, 0)]),
            "an IoU of exactly 0.5": (1, 1, [([0, 0, 10, 10], 100, 0, 0, 0, 0)], [([0, 0, 5, 10], 0.5, 0, 0)]),
            "more than a hundred": (1, 1, [one], [([400, 400, 9, 9], 0.8, 0, 0)] * 120 + [hit]
                                    + [([11, 11, 50, 60], 0.1, 0, 0)]),
    }.items():
        sets.append(case)
        names.append(name)
    results = ours([pack(*s) for s in sets])
    for name, (images, classes, truth, found), got in zip(names, sets, results):
        hold(name, got, coco_file(images, classes, truth), coco_results(found))
    print(f"{len(sets)} made-up sets")


golden()
made_up()
print(f"largest difference from pycocotools: {worst:.1e}")
sys.exit(1 if bad else 0)
