# eval_cases.py -- made-up truth and detections, and both judges of them: ours and pycocotools.
import contextlib
import io
import json
import os
import struct
import subprocess
import sys
import time

BUILD = os.environ.get("GD_BUILD", "build/ci")
ROOT = os.environ.get("GD_ROOT", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def need_judge():
    """pycocotools, which is in the venv that tools/check makes: the script starts again in it."""
    try:
        import pycocotools.cocoeval  # noqa: F401
    except ImportError:
        python = os.path.join(ROOT, "build/venv/bin/python")
        if os.path.exists(python) and os.path.abspath(sys.executable) != os.path.abspath(python) \
                and not os.environ.get("GD_JUDGED"):
            os.execve(python, [python] + sys.argv, dict(os.environ, GD_JUDGED="1"))
        print("skipped: no pycocotools in build/venv")
        sys.exit(77)


def pack(images, classes, truth, found):
    """The input of eval_run. truth: (box, area, image, class, crowd, difficult), found: (box, score,
    image, class); boxes are x, y, width, height."""
    out = [struct.pack("<4i", images, classes, len(truth), len(found))]
    out += [struct.pack("<5d4i", *b, a, i, c, w, d) for b, a, i, c, w, d in truth]
    out += [struct.pack("<5d2i", *b, s, i, c) for b, s, i, c in found]
    return b"".join(out)


def ours(packed):
    """A result of eval_run for each packed set."""
    p = subprocess.run([os.path.join(BUILD, "eval_run")], input=b"".join(packed), stdout=subprocess.PIPE,
                       check=True)
    return [json.loads(t) for t in p.stdout.decode().splitlines()]


def coco_file(images, classes, truth):
    """The same truth as the content of a COCO annotation file: ids start at 1."""
    return {"images": [{"id": i + 1, "file_name": f"{i + 1:06d}.jpg", "width": 640, "height": 480}
                       for i in range(images)],
            "categories": [{"id": c + 1, "name": f"class {c}"} for c in range(classes)],
            "annotations": [{"id": n + 1, "image_id": i + 1, "category_id": c + 1, "bbox": list(b), "area": a,
                             "iscrowd": w} for n, (b, a, i, c, w, d) in enumerate(truth)]}


def coco_results(found):
    return [{"image_id": i + 1, "category_id": c + 1, "bbox": list(b), "score": s} for b, s, i, c in found]


def theirs(truth, results):
    """The 12 numbers of pycocotools, AP of the classes, and the seconds that judging took. What is
    no picture of the truth is handed over too, as a file of annotations would be."""
    import numpy as np
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        gt, dt = COCO(), COCO()
        gt.dataset = truth
        gt.createIndex()
        dt.dataset = dict(truth, annotations=[dict(r, id=n + 1, area=r["bbox"][2] * r["bbox"][3], iscrowd=0)
                                              for n, r in enumerate(results)])
        dt.createIndex()
        judge = COCOeval(gt, dt, "bbox")
        start = time.process_time()
        judge.evaluate(), judge.accumulate(), judge.summarize()
        spent = time.process_time() - start
    p = judge.eval["precision"][:, :, :, 0, 2]
    classes = [float(np.mean(p[:, :, k])) if (p[:, :, k] > -1).all() else -1.0 for k in range(p.shape[2])]
    return [float(v) for v in judge.stats], classes, spent


def random_case(rng, images, classes, per_image, ties=False):
    """Objects of all sizes, crowds, masks smaller than their boxes; detections near and far from
    them, doubled, of wrong classes, of pictures and classes that are not there, in any order."""
    truth, found = [], []

    def score():
        return rng.randrange(1, 6) / 8 if ties else rng.random()

    def box():
        side = 640 * rng.random() ** 3 + 2
        w, h = side * (0.5 + rng.random()), side * (0.5 + rng.random())
        return [rng.random() * 600 - 20, rng.random() * 440 - 20, w, h]

    def near(b, spread):
        return [v + (rng.random() - 0.5) * spread * b[2 + k % 2] for k, v in enumerate(b)]

    for i in range(images):
        for _ in range(rng.randrange(per_image + 1)):
            b, crowd = box(), rng.random() < 0.1
            if ties and truth and rng.random() < 0.3:
                b = list(truth[-1][0])
            c = rng.randrange(classes) if rng.random() < 0.7 else 0
            truth.append((b, b[2] * b[3] * (0.4 + 0.6 * rng.random()), i, c, int(crowd), 0))
            for _ in range(rng.randrange(4) * (3 if crowd else 1)):
                d = near(b, 0.3 * rng.random())
                if ties and rng.random() < 0.4:
                    d = list(b)
                if d[2] > 0 and d[3] > 0:
                    found.append((d, score(), i, c if rng.random() < 0.9 else rng.randrange(classes)))
        for _ in range(rng.randrange(per_image + 1)):
            found.append((box(), score(), i, rng.randrange(classes)))
    for _ in range(3):
        found.append((box(), score(), images + 5, 0))
        found.append((box(), score(), 0, classes + 2))
    rng.shuffle(found)
    return truth, found
