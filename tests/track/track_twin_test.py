# track_twin_test.py -- SORT and ByteTrack against twins from the papers, and a published ByteTrack.
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("GD_ROOT", "."), "tests", "track"))
try:
    import numpy as np
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)
import scenes
import track_twin

RUN = os.path.join(os.environ.get("GD_BUILD", "build/ci"), "track_run")


def compare(name, kind, twin, options):
    """Frame by frame: ids, what counts, and where every track is believed to be."""
    scene, worst, n = scenes.SCENES[name](), 0.0, 0
    for f, ((answers, lost), (_, dets)) in enumerate(zip(scenes.run(RUN, kind, scene, options), scene)):
        ids, sure, boxes = twin.update([d[:5] for d in dets])
        where = f"{name}, {kind} {' '.join(options)}, frame {f}"
        assert [a["id"] for a in answers] == ids, (where, [a["id"] for a in answers], ids)
        assert [a["confirmed"] for a in answers] == sure, (where, sure)
        found = {a["id"]: a["box"] for a in answers + lost if a["id"] >= 0}
        assert sorted(found) == sorted(boxes), (where, sorted(found), sorted(boxes))
        for i, b in found.items():
            worst = max(worst, float(np.abs(b - boxes[i]).max()))
        n += len(ids)
    assert worst < 1e-3, (name, kind, worst)
    print(f"{name}: {kind} {' '.join(options)}: {n} detections equal, boxes within {worst:.1e} px")


def main():
    for name in scenes.SCENES:
        few = slice(0, 3 if name == "crowd" else 1)
        for min_hits, max_age in ((1, 30), (3, 1))[few]:
            compare(name, "sort", track_twin.Sort(max_age, min_hits),
                    [f"min_hits={min_hits}", f"max_age={max_age}"])
        for min_hits, new, age in ((2, 0.25, 30), (3, 0.6, 10), (1, 0.25, 30))[few]:
            compare(name, "bytetrack", track_twin.Byte(min_hits=min_hits, new_track=new, max_age=age),
                    [f"min_hits={min_hits}", f"new_track={new}", f"max_age={age}"])


main()
