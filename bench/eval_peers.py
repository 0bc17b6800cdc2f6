# eval_peers.py -- judging detections beside pycocotools, on one core, on the same files.
"""eval_peers.py [--build DIR] [--pictures 5000] [--detections 100] [--rounds N] [-o bench/results/NAME]: a
data set is made up (80 classes, 7 objects a picture on average, detections near them and elsewhere), both
judge it in turns, and the best round of each counts. "Judging" is what lies between arrays in memory and
the 12 numbers; "files" is processor time from the two files to the numbers, with gdrun's whole report in it.
Needs pycocotools in build/venv, which tools/check makes."""
import argparse
import contextlib
import datetime
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

import report

sys.path.insert(0, os.path.join(report.ROOT, "tests/eval"))
from eval_cases import coco_file, coco_results, need_judge, ours, pack  # noqa: E402


def made_up(pictures, detections):
    rng = random.Random(11)
    truth, found = [], []
    for i in range(pictures):
        objects = []
        for _ in range(rng.randrange(1, 14)):
            side = 4 + 400 * rng.random() ** 2
            b = [rng.random() * 500, rng.random() * 400, side * (0.5 + rng.random()), side * (0.5 + rng.random())]
            objects.append((b, b[2] * b[3] * (0.5 + rng.random() / 2), i, int(80 * rng.random() ** 2),
                            int(rng.random() < 0.01), 0))
        truth += objects
        for k in range(detections):
            b, c = objects[k % len(objects)][0], objects[k % len(objects)][3]
            if rng.random() < 0.4:
                c = rng.randrange(80)
            spread = 0.4 * rng.random() if rng.random() < 0.5 else 3
            box = [round(v + (rng.random() - 0.5) * spread * b[2 + n % 2], 2) for n, v in enumerate(b)]
            found.append(([box[0], box[1], abs(box[2]) + 1, abs(box[3]) + 1], round(rng.random() ** 3, 5), i, c))
    return truth, found


def theirs(truth, results):
    """Seconds of judging, seconds with reading the files, and the 12 numbers."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.process_time()
        gt = COCO(truth)
        dt = gt.loadRes(results)
        begun = time.process_time()
        judge = COCOeval(gt, dt, "bbox")
        judge.evaluate(), judge.accumulate(), judge.summarize()
        end = time.process_time()
    return end - begun, end - start, [float(v) for v in judge.stats]


def whole(build, truth, results, out):
    """Processor seconds of gdrun eval on the files, and the 12 numbers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([os.path.join(build, "gdrun"), "eval", "--detections", results, "--data", truth, "--json", out,
                    "-q", "-y"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(out, encoding="utf-8") as f:
        stats = list(json.load(f)["coco"].values())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, stats


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default=os.path.join(report.ROOT, "build/release"))
    p.add_argument("--pictures", type=int, default=5000)
    p.add_argument("--detections", type=int, default=100)
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--commit", default="")
    p.add_argument("-o", "--out")
    a = p.parse_args()
    need_judge()
    import pycocotools
    os.environ["GD_BUILD"] = a.build
    import eval_cases
    eval_cases.BUILD = a.build
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    truth, found = made_up(a.pictures, a.detections)
    packed = pack(a.pictures, 80, truth, found)
    us, us_files, them, them_files, worst = [], [], [], [], 0.0
    with tempfile.TemporaryDirectory(prefix="gdrun-bench-") as work:
        files = [os.path.join(work, n) for n in ("truth.json", "found.json", "out.json")]
        for path, content in zip(files, (coco_file(a.pictures, 80, truth), coco_results(found))):
            with open(path, "w", encoding="utf-8") as f:
                json.dump(content, f)
        for _ in range(a.rounds):
            got = ours([packed])[0]
            us.append(got["coco_ms"] / 1e3)
            seconds, stats = whole(a.build, *files)
            us_files.append(seconds)
            judged, read, want = theirs(*files[:2])
            them.append(judged)
            them_files.append(read)
            worst = max([worst] + [abs(x - y) for side in (got["stats"], stats) for x, y in zip(side, want)])
    cpu = next((t.split(":", 1)[1].strip() for t in open("/proc/cpuinfo", encoding="utf-8")
                if t.startswith("model name")), "unknown")
    record = {"kind": "eval", "date": datetime.date.today().isoformat(), "cpu": cpu,
              "commit": a.commit or report.commit(), "pycocotools": getattr(pycocotools, "__version__", "2.0.11"),
              "pictures": a.pictures, "objects": len(truth), "detections": len(found), "difference": worst,
              "rows": [{"what": "judging", "gdrun": min(us), "pycocotools": min(them)},
                       {"what": "files", "gdrun": min(us_files), "pycocotools": min(them_files)}]}
    print(report.table(record))
    if a.out:
        report.save(a.out, record)
    return 0 if worst < 1e-6 and min(them) > 10 * min(us) else 7


if __name__ == "__main__":
    sys.exit(main())
