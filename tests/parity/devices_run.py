# devices_run.py -- what a GPU finds against what the CPU finds: same models, same pictures.
"""devices_run.py --bin DIR --pictures A.jpg B.jpg ... -- MODEL.gdw ...: runs gdrun on the CPU in FP32 and
on the GPU in each precision; prints for each model how many detections with a score above --cut of one
side the other has too (same class, IoU above 0.99), and the largest difference of scores. Exits 7 when
FP32 loses any, TF32 or FP16 more than --lost of them, or nothing was found that could be lost. Needs no
more than Python."""
import argparse
import json
import os
import subprocess
import sys

CUT, SLACK = 0.3, 5 / 6  # the other side may stand a little below the cut


def iou(a, b):
    x = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    y = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - x * y
    return x * y / area if area > 0 else 1.0


def frames(a, model, *flags):
    """(task, one list of (class, score, box) a picture; classifiers have no boxes)"""
    for command in ("detect", "classify"):
        more = ["--conf", str(a.cut * SLACK), "--max-det", "0"] if command == "detect" else ["-k", "5"]
        p = subprocess.run([os.path.join(a.bin, "gdrun"), command, "-m", model, *a.pictures, "--jsonl", "-",
                            "-q", *more, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           check=False)
        if p.returncode == 4 and command == "detect":
            continue
        if p.returncode:
            sys.exit(f"gdrun {command} {' '.join(flags)} {model} ended with {p.returncode}: {p.stderr}")
        lines = [json.loads(t) for t in p.stdout.splitlines()]
        key = "detections" if command == "detect" else "classes"
        return command, [[(d["class_id"], d["conf"], d.get("box")) for d in line[key]]
                         for line in lines if "frame" in line and key in line]
    sys.exit(f"{model} neither detects nor classifies")


def lost(some, others, cut=CUT):
    """Detections above the cut without an equal; and the largest difference of score among equals."""
    left, gone, worst = list(others), 0, 0.0
    for c, score, box in some:
        if score < cut:
            continue
        best = max((o for o in left if o[0] == c), key=lambda o: iou(o[2], box), default=None)
        if best is None or iou(best[2], box) <= 0.99:
            gone += 1
            continue
        left.remove(best)
        worst = max(worst, abs(best[1] - score))
    return gone, worst


def compare(task, ours, theirs, cut=CUT):
    """(lost, of, largest difference)"""
    if task == "classify":
        first = sum(a[0][0] != b[0][0] for a, b in zip(ours, theirs))
        score = lambda f: {c: s for c, s, _ in f}
        worst = max(abs(score(a)[c] - score(b)[c]) for a, b in zip(ours, theirs)
                    for c in score(a) if c in score(b))
        return first, len(ours), worst
    both = [lost(*sides, cut) for a, b in zip(ours, theirs) for sides in ((a, b), (b, a))]
    total = sum(d[1] >= cut for side in (ours, theirs) for f in side for d in f)
    return sum(g for g, _ in both), total, max(w for _, w in both)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--bin", required=True)
    p.add_argument("--pictures", nargs="+", required=True)
    p.add_argument("--precisions", default="fp32,tf32,fp16")
    p.add_argument("--device", default="cuda")
    p.add_argument("--batch", default="1")
    p.add_argument("--lost", type=float, default=0.02)
    p.add_argument("--cut", type=float, default=CUT)
    p.add_argument("models", nargs="+")
    a = p.parse_args()
    bad = 0
    for model in a.models:
        task, want = frames(a, model, "--device", "cpu")
        for precision in a.precisions.split(","):
            _, got = frames(a, model, "--device", a.device, "--precision", precision, "--batch", a.batch)
            gone, total, worst = compare(task, want, got, a.cut)
            allowed = 0 if precision == "fp32" else a.lost * total
            bad += gone > allowed or len(want) != len(got) or total == 0
            print(f"{os.path.basename(model)} {precision} batch {a.batch}: {gone} of {total} "
                  f"{'detections' if task == 'detect' else 'pictures'} differ, scores by at most "
                  f"{worst:.5f}{' FAILED' if gone > allowed or total == 0 else ''}", flush=True)
    sys.exit(7 if bad else 0)


if __name__ == "__main__":
    main()
