# video_whole_test.py -- whole real videos: frames in are frames out, at the same times, with the same sound.
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import ASAN, CARS, VTEST, WALK, check, frames_of, main, packets, probe, run  # noqa: E402


def stamps(path):
    """Timestamps of the video packets in seconds, from the first, in the order they are shown."""
    rows = probe(path, "-show_entries", "packet=pts_time,dts_time").get("packets", [])
    got = sorted(float(r.get("pts_time", r.get("dts_time"))) for r in rows)
    return [t - got[0] for t in got]


def whole():
    for source, frames in ((CARS, 377), (WALK, 1394), (VTEST, 795)):
        if not os.path.exists(source):
            print(f"note: no {source}")
            continue
        more = ("--max-frames", "60") if ASAN else ()
        rc, out, err = run("track", "-m", "nano.gdw", "--imgsz", "32", "--conf", "0.02", source, "--jsonl", "-", "-o",
                           "w.mp4", "--preset", "ultrafast", "-y", *more)
        want, rows = (60 if ASAN else frames), frames_of(out)
        check(rc == 0 and [r["frame"] for r in rows] == list(range(want)), f"{source}: {rc} {len(rows)} {err}")
        given, got = stamps(source)[:want], stamps("w.mp4")
        check(len(got) == want and all(abs(a - b) < 2e-5 for a, b in zip(got, given)),
              f"{source}: {len(got)} frames written, {[(a, b) for a, b in zip(got, given) if abs(a - b) >= 2e-5][:3]}")
        check(all(abs(r["pts"] - t) < 2e-6 for r, t in zip(rows, given)), f"{source}: pts in the results")
        check(ASAN or packets("w.mp4") == packets(source), f"{source}: sound")


main(whole)
