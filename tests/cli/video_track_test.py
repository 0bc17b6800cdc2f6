# video_track_test.py -- track on a real video: ids and states in every output, saved tracks, pictures.
import csv
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import WALK, check, clip, count, ffmpeg, frames_of, main, run, track  # noqa: E402


def tracks():
    """Ids and states in every output; they begin again with each source."""
    ffmpeg("-ss", "20", "-i", WALK, "-frames:v", "40", "-an", "walk.mp4")
    args = ("-m", "nano.gdw", "walk.mp4", "--classes", "person", "--conf", "0.4")
    rc, out, err = run("track", *args, "--jsonl", "t.jsonl", "--csv", "t.csv", "--mot", "t.txt", "-o", "t.mp4",
                       "--trails", "20", "--show-fps")
    check(rc == 0 and count("t.mp4") == 40, f"track: {rc} {err}")
    rows = frames_of(open("t.jsonl").read())
    seen = [d for r in rows for d in r["detections"]]
    check(len(rows) == 40 and seen and all("id" in d and "state" in d for d in seen), f"{len(rows)} {seen[:2]}")
    ids = {d["id"] for d in seen}
    check(1 in ids and len(ids) < 8, f"ids: {ids}")
    check({d["state"] for d in seen} <= {"new", "tentative", "confirmed", "untracked"} and
          any(d["state"] == "confirmed" for d in seen), "states")
    check(all("track" in r["ms"] for r in rows), rows[0]["ms"])
    table = list(csv.DictReader(open("t.csv")))
    check([int(t["id"]) for t in table] == [d["id"] for d in seen], "csv ids")
    mot = [t.split(",") for t in open("t.txt").read().split()]
    check(mot and all(len(m) == 10 and 1 <= int(m[0]) <= 40 and int(m[1]) in ids for m in mot), f"mot: {mot[:3]}")
    for kind in ("iou", "sort", "bytetrack"):
        got = frames_of(run("track", *args, "--tracker", kind, "--jsonl", "-")[1])
        check(len(got) == 40 and any("id" in d for r in got for d in r["detections"]), kind)
    both = frames_of(run("track", *args, "walk.mp4", "--jsonl", "-")[1])
    check(len(both) == 80 and [r["detections"] for r in both[:40]] == [r["detections"] for r in both[40:]],
          "ids are not reset for the second source")
    for part, end in (("one", ("--end", "1.95")), ("two", ("--start", "1.95"))):
        more = ("--save-state", "state.json") if part == "one" else ("--load-state", "state.json")
        rc, out, err = run("track", *args, *end, *more, "--jsonl", "-")
        check(rc == 0, f"{part}: {rc} {err}")
        got = [[(d["id"], d["box"]) for d in r["detections"]] for r in frames_of(out)]
        whole = [[(d["id"], d["box"]) for d in r["detections"]] for r in rows]
        want = whole[:len(got)] if part == "one" else whole[-len(got):]
        check(got == want and got, f"{part}: {got[:2]} {want[:2]}")
    rc, out, _ = run("track", *args, "--id-start", "500", "--jsonl", "-", "--max-frames", "5")
    check(all(d["id"] >= 500 for r in frames_of(out) for d in r["detections"] if "id" in d), "--id-start")
    check(run("track", *args, "walk.mp4", "--mot", "m.txt")[0] == 2, "--mot of two sources")


def odd_time():
    """A frame whose time is absurd is tracked as any other, and the next source is read."""
    clip("a.mp4", 6)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25", "-frames:v", "10", "-pix_fmt", "yuv420p", "-vf",
           "setpts='if(lt(N,5),N,N+3000000000*25)/25/TB'", "-fps_mode", "passthrough", "odd.mkv")
    rc, out, err = track("odd.mkv", "a.mp4", "--jsonl", "-")
    check(rc == 0 and len(frames_of(out)) == 16, f"odd time: {rc} {len(frames_of(out))} {err}")


def pictures():
    """Pictures are one sequence: a video that somebody has cut up."""
    os.makedirs("cut", exist_ok=True)
    ffmpeg("-ss", "24", "-i", WALK, "-frames:v", "8", "cut/%03d.png")
    rc, out, err = run("track", "-m", "nano.gdw", "cut", "--jsonl", "-", "--conf", "0.4", "--mot", "cut.txt",
                       "--classes", "person")
    rows = frames_of(out)
    check(rc == 0 and [r["frame"] for r in rows] == list(range(8)), f"pictures: {rc} {err}")
    ids = {d["id"] for r in rows for d in r["detections"]}
    check(ids == {1}, f"ids of the pictures: {ids}")
    check(len(open("cut.txt").read().split()) == sum(len(r["detections"]) for r in rows), "mot of pictures")
    more = ("--conf", "0.4", "--classes", "person", "--jsonl", "-")
    parts = [[f"cut/{i:03d}.png" for i in part] for part in (range(1, 5), range(5, 9))]
    rc, one, err = run("track", "-m", "nano.gdw", *parts[0], *more, "--save-state", "cut.json")
    check(rc == 0 and os.path.exists("cut.json"), f"--save-state of pictures: {rc} {err}")
    rc, two, err = run("track", "-m", "nano.gdw", *parts[1], *more, "--load-state", "cut.json")
    both = [(r["frame"], r["detections"]) for r in frames_of(one) + frames_of(two)]
    check(rc == 0 and both == [(r["frame"], r["detections"]) for r in rows], f"--load-state of pictures: {rc} {err}")
    for source in ("cut", "walk.mp4"):
        rc, _, err = run("track", "-m", "nano.gdw", source, "--load-state", "none.json")
        check(rc == 3 and "none.json" in err, f"--load-state of a missing file: {source} {rc} {err}")


main(tracks, odd_time, pictures)
