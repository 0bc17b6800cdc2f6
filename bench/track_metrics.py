# track_metrics.py -- MOTA, IDF1 and HOTA of the trackers on made-up sequences, by PyPI's judges.
"""Usage: PYTHON bench/track_metrics.py [BUILD]

Prints a table; beside it, whether ByteTrack gives the answers of PyPI's supervision. PYTHON has motmetrics
1.4.0, trackeval 1.3.0 and supervision 0.26.1; what is missing is left out with its reason. Exit status 1:
supervision disagrees."""
import os
import sys
import warnings

warnings.filterwarnings("ignore")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "track"))
import numpy as np

import scenes
from track_twin import iou_table

RUN = os.path.join(sys.argv[1] if len(sys.argv) > 1 else "build/ci", "track_run")


def load(name):
    try:
        return __import__(name)
    except Exception as e:  # a judge that does not import is a judge that is absent
        print(f"without {name}: {e}")
        return None


def frames_of(scene, answers):
    """(true ids, found ids, IoU of each with each) a frame, of tracks that count."""
    for (truth, dets), (rows, _) in zip(scene, answers):
        found = [(r["id"], d[:4]) for r, d in zip(rows, dets) if r["id"] >= 0 and r["confirmed"]]
        yield ([t[0] for t in truth], [i for i, _ in found],
               iou_table([t[1:] for t in truth], [b for _, b in found]))


def clear_and_identity(mm, frames):
    acc = mm.MOTAccumulator(auto_id=True)
    for truth, found, iou in frames:
        acc.update(truth, found, np.where(iou >= 0.5, 1 - iou, np.nan))
    row = mm.metrics.create().compute(acc, metrics=["mota", "idf1", "num_switches"], name="x").loc["x"]
    return row["mota"], row["idf1"], int(row["num_switches"])


def higher_order(te, frames):
    ids = [sorted({i for f in frames for i in f[k]}) for k in (0, 1)]
    data = {"gt_ids": [np.array([ids[0].index(i) for i in f[0]], int) for f in frames],
            "tracker_ids": [np.array([ids[1].index(i) for i in f[1]], int) for f in frames],
            "similarity_scores": [f[2] for f in frames], "num_timesteps": len(frames)}
    data.update({"num_gt_ids": len(ids[0]), "num_tracker_ids": len(ids[1]),
                 "num_gt_dets": sum(len(f[0]) for f in frames),
                 "num_tracker_dets": sum(len(f[1]) for f in frames)})
    return float(np.mean(te.metrics.HOTA().eval_sequence(data)["HOTA"]))


def same_as_supervision(sv, scene):
    """How many detections get the id of supervision's tracks, whose box is that of the filter."""
    twin, equal, n = sv.ByteTrack(), 0, 0
    ours = scenes.run(RUN, "bytetrack", scene, ["new_track=0.35"])
    for (_, dets), (rows, _) in zip(scene, ours):
        theirs = twin.update_with_tensors(np.array([d[:5] for d in dets], float).reshape(-1, 5))
        mine = {r["id"]: r["box"] for r in rows if r["id"] >= 0 and r["confirmed"]}
        boxes = {int(t.external_track_id): t.tlbr for t in theirs}
        n += len(boxes.keys() | mine.keys())
        equal += sum(i in boxes and np.abs(boxes[i] - mine[i]).max() < 0.01 for i in mine)
    return equal, n


def main():
    mm, te, sv = load("motmetrics"), load("trackeval"), load("supervision")
    worse = False
    print("scene      tracker    MOTA   IDF1   switches  HOTA")
    for name, make in scenes.SCENES.items():
        scene = make()
        for kind in ("iou", "sort", "bytetrack"):
            frames = list(frames_of(scene, scenes.run(RUN, kind, scene)))
            clear = "%.3f  %.3f  %8d" % clear_and_identity(mm, frames) if mm else "-      -             -"
            print(f"{name:10} {kind:10} {clear}  {'%.3f' % higher_order(te, frames) if te else '-'}")
        if sv:
            equal, n = same_as_supervision(sv, scene)
            worse = worse or equal != n
            print(f"{name:10} bytetrack: {equal} of {n} track boxes and ids equal to supervision's")
    sys.exit(int(worse))


main()
