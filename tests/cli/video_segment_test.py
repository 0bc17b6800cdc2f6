# video_segment_test.py -- gdrun segment on videos: frames are what pictures are, times and sound kept, SIGINT.
import csv
import glob
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import (ASAN, CLEAN, GDRUN, camera, check, clip, count, ffmpeg, lines, main, packets,  # noqa: E402
                      times)
from segment_test import Image, make, np, segment  # noqa: E402

FRAMES = 6 if ASAN else 12
KEEP = ("--keep", "person,pottedplant")


def rows_of(text):
    return [r for r in lines(text) if "segments" in r]


def moved(a, b):
    """Pixels that changed their class, twice: a batch rounds otherwise than a frame alone."""
    a, b = ({s["class_id"]: s["pixels"] for s in r["segments"]} for r in (a, b))
    return sum(abs(a.get(c, 0) - b.get(c, 0)) for c in {*a, *b})


def found(path):
    with Image.open(path) as im:
        return np.array(im)


def prepare():
    """a.mp4, with sound; exact.mkv without a loss, and its frames as pictures: f/0000.png on."""
    make()
    if os.path.exists("f"):
        return
    clip("a.mp4", FRAMES, "30000/1001", source="mandelbrot")
    ffmpeg("-i", "a.mp4", "-an", "-c:v", "ffv1", "-pix_fmt", "bgr0", "exact.mkv")
    os.mkdir("f")
    ffmpeg("-i", "exact.mkv", "-pix_fmt", "rgb24", "-start_number", "0", "f/%04d.png")


def kept():
    """Every frame in every output, at its own time, and as many frames in the video."""
    prepare()
    rc, out, err = segment("a.mp4", "--jsonl", "a.jsonl", "--csv", "a.csv", "--json", "a.json", "--stats", "s.json",
                           "-o", "out.mp4", "--show-fps")
    check(rc == 0 and out == "" and f"{FRAMES} frames in " in err and "written as h264" in err, f"{rc} {out} {err}")
    rows, want = rows_of(open("a.jsonl").read()), times("a.mp4")
    check([r["frame"] for r in rows] == list(range(FRAMES)), [r["frame"] for r in rows])
    check(all(abs(r["pts"] - t) < 1e-5 for r, t in zip(rows, want)), [r["pts"] for r in rows])
    check(times("out.mp4") == want and len(want) == FRAMES, f"out.mp4: {times('out.mp4')}")
    check(packets("out.mp4") == packets("a.mp4") and packets("a.mp4"), "audio packets")
    check(all(sum(s["pixels"] for s in r["segments"]) == 160 * 120 and len(r["segments"]) > 2 for r in rows), rows[0])
    told = json.load(open("a.json"))
    check([f["segments"] for f in told["frames"]] == [r["segments"] for r in rows], "--json differs from --jsonl")
    table = list(csv.DictReader(open("a.csv")))
    check([(int(t["frame"]), int(t["class_id"]), int(t["pixels"])) for t in table] ==
          [(r["frame"], s["class_id"], s["pixels"]) for r in rows for s in r["segments"]], "--csv")
    stats = json.load(open("s.json"))["summary"]
    check(stats["frames"] == FRAMES and sum(c["count"] for c in stats["classes"]) == FRAMES * 160 * 120 and
          {"infer", "write", "draw", "encode"} <= {s["name"] for s in stats["stages"]}, stats)
    many = rows_of(segment("a.mp4", "--jsonl", "-", "--batch", "4", "--streams", "2", "--queue-size", "3", "--mode",
                           "throughput", "--post-threads", "2", "-o", "two.mp4")[1])
    check(len(many) == FRAMES and max(map(moved, many, rows)) <= 16, f"{[moved(*p) for p in zip(many, rows)]} pixels")


def as_pictures():
    """Shares, masks, smoothing, colours and backgrounds of a frame are those of the same picture."""
    prepare()
    pictures = sorted(glob.glob("f/*.png"))
    Image.new("RGB", (300, 40), (10, 200, 30)).save("back.png")
    variants = (("--opacity", "0.8"), ("--background", "blur:6", *KEEP, "--smooth", "4"),
                ("--background", "back.png", *KEEP))
    for i, more in enumerate(variants[:2 if ASAN else 3]):
        more = ("--batch", "1", "--jsonl", "-", *more)
        rc, out, err = segment("exact.mkv", "--masks", f"v{i}", "-o", f"o{i}.mkv", "--codec", "ffv1", *more)
        check(rc == 0 and sorted(os.listdir(f"v{i}")) == [f"exact_{k:06d}.png" for k in range(FRAMES)], f"{rc} {err}")
        rows = rows_of(out)
        rc, out, err = segment(*pictures, "--masks", f"p{i}", "-o", f"drawn{i}", *more)
        check(rc == 0 and [r["segments"] for r in rows_of(out)] == [r["segments"] for r in rows], f"shares {more}")
        check(all((found(f"v{i}/exact_{k:06d}.png") == found(f"p{i}/{k:04d}.png")).all() for k in range(FRAMES)),
              f"masks {more}")
        os.mkdir(f"o{i}")
        ffmpeg("-i", f"o{i}.mkv", "-start_number", "0", f"o{i}/%04d.png")
        drawn = [found(f"drawn{i}/{k:04d}.png") for k in range(FRAMES)]
        check(len(os.listdir(f"o{i}")) == FRAMES and
              all((found(f"o{i}/{k:04d}.png")[..., :3] == drawn[k]).all() for k in range(FRAMES)), f"drawn {more}")
        check((found(pictures[-1]) != drawn[-1]).mean() > 0.1, f"nothing is drawn: {more}")
    rc, out, err = segment(pictures[-1], "-o", "alone.png", *variants[1])
    check(rc == 0 and (found("alone.png") == found(f"drawn1/{FRAMES - 1:04d}.png")).all(), "frames depend on others")
    check(any((found(f"v0/exact_{k:06d}.png") != found(f"v1/exact_{k:06d}.png")).any() for k in range(FRAMES)),
          "nothing was smoothed")
    rc, out, err = segment("exact.mkv", "--masks", "v0")
    check(rc == 9 and "E900" in err, f"masks replaced without -y: {rc} {err}")
    rc, out, err = segment("exact.mkv", "--masks", "every", "--vid-stride", "4", "--max-frames", "2", "-o", "null")
    check(rc == 0 and out == "" and sorted(os.listdir("every")) == ["exact_000000.png", "exact_000004.png"], err)


def sources():
    """Raw frames, a camera, folders of both kinds, a preview."""
    prepare()
    raw = np.stack([found(p) for p in sorted(glob.glob("f/*.png"))[:5]])
    want = rows_of(segment("exact.mkv", "--max-frames", "5", "--jsonl", "-")[1])
    p = subprocess.run([GDRUN, "segment", "-m", "seg.gdw", "raw:160x120:rgb24@10:-", "--jsonl", "-", "-o", "raw.mp4"],
                       input=raw.tobytes(), capture_output=True, env=CLEAN, check=False)
    rows = rows_of(p.stdout.decode())
    check(p.returncode == 0 and [round(r["pts"], 6) for r in rows] == [0, .1, .2, .3, .4] and count("raw.mp4") == 5 and
          [r["segments"] for r in rows] == [r["segments"] for r in want], f"raw: {p.returncode} {p.stderr}")
    rc, out, err = camera("6:unplug", "--live", "all", "--masks", "cam", "-o", "cam.mkv",
                          command=("segment", "-m", "seg.gdw"))
    rows = rows_of(out)
    check(rc == 1 and "W395" in err and len(rows) == len(os.listdir("cam")) == count("cam.mkv") == 6 and
          all(r["age_ms"] >= 0 for r in rows), f"camera: {rc} {len(rows)} {err}")
    os.mkdir("mixed")
    for name in ("a.mp4", "a.jpg"):
        os.link(name, "mixed/" + name)
    rc, out, err = segment("mixed", "-o", "both/", "--jsonl", "-", "--background", "grey")
    check(rc == 0 and sorted(os.listdir("both")) == ["a.jpg", "a.mp4"] and len(rows_of(out)) == FRAMES + 1 and
          Image.open("both/a.jpg").size == (150, 110), f"{rc} {err}")
    rc, out, err = segment("a.mp4", "--preview", "0", "--max-frames", "2", "--background", "blur")
    check(rc == 0 and "preview: http" in err and "a.mp4 frame 1: " in out, f"{rc} {out} {err}")


def refused():
    prepare()
    with open("text.mp4", "w") as f:
        f.write("renamed text\n" * 100)
    for want, code, args in (
            (2, 209, ("a.mp4", "-o", "a.png")), (2, 209, ("a.jpg", "-o", "t.mp4")),
            (2, 208, ("a.mp4", "-o", "a.mp4", "-y")), (2, 201, ("a.mp4", "-o", "o.mp4", "--tracker", "iou")),
            (2, 207, ("a.mp4", "--background", "blur")), (2, 201, ("a.mp4", "--conf", "0.3")),
            (3, None, ("text.mp4", "-o", "o.mp4")), (3, 362, ("a.mp4", "-o", "o.mp4", "--start", "60")),
            (3, None, ("/dev/video99", "-o", "o.mp4")), (9, None, ("a.mp4", "--masks", "/proc/none"))):
        rc, out, err = segment(*args)
        check(rc == want and (code is None or f"E{code}" in err), f"{args}: {rc} {err}")
    check(not os.path.exists("o.mp4"), "something was written")
    rc, out, err = segment("a.mp4", "none.mp4", "-o", "part/", "--jsonl", "-")
    check(rc == 1 and os.listdir("part") == ["a.mp4"] and len(rows_of(out)) == FRAMES, f"one of two: {rc} {err}")


def interrupted():
    """SIGINT: exit code 130, a playable video, a mask and a line for each frame."""
    prepare()
    ffmpeg("-stream_loop", "200", "-i", "a.mp4", "-c", "copy", "long.mp4")
    p = subprocess.Popen([GDRUN, "segment", "-m", "seg.gdw", "long.mp4", "--jsonl", "i.jsonl", "--masks", "im", "-o",
                          "i.mp4", "--preset", "ultrafast"], stderr=subprocess.PIPE, env=CLEAN)
    until = time.time() + 60
    while time.time() < until and not (os.path.exists("i.mp4.part") and os.path.getsize("i.mp4.part") > 9000):
        time.sleep(0.05)
    p.send_signal(signal.SIGINT)
    err = p.communicate(timeout=60)[1].decode()
    check(p.returncode == 130, f"SIGINT: {p.returncode} {err}")
    rows = lines(open("i.jsonl").read())
    got = len(rows_of(open("i.jsonl").read()))
    check(rows[-1].get("interrupted") == "SIGINT" and rows[-1]["frames"] == got == len(os.listdir("im")), rows[-1])
    check(0 < count("i.mp4") <= got, f"i.mp4: {count('i.mp4')} of {got}")


if __name__ == "__main__":
    main(kept, as_pictures, sources, refused, interrupted)
