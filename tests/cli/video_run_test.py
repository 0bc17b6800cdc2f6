# video_run_test.py -- detect and track on videos: results, selections, sources, exit codes, SIGINT.
import csv
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import (CLEAN, DATA, GDRUN, SMALL, check, clip, count, detect, ffmpeg, frames_of,  # noqa: E402
                      lines, main, packets, times, track)


def results():
    """Every frame in every output, with the source's own times, and as many frames in the video."""
    clip("a.mp4", 30, "30000/1001")
    rc, out, err = detect("a.mp4", "--jsonl", "a.jsonl", "--csv", "a.csv", "--json", "a.json", "-o", "out.mp4",
                          "--conf", "0.01")
    check(rc == 0 and out == "", f"detect: {rc} {out} {err}")
    rows = frames_of(open("a.jsonl").read())
    check([r["frame"] for r in rows] == list(range(30)), f"frames: {[r['frame'] for r in rows]}")
    want = times("a.mp4")
    check(all(abs(r["pts"] - t) < 1e-5 for r, t in zip(rows, want)), f"pts: {[r['pts'] for r in rows]}")
    check(all((r["width"], r["height"], r["source"]) == (160, 120, "a.mp4") for r in rows), rows[0])
    check(all({"decode", "infer"} <= set(r["ms"]) for r in rows), rows[0])
    total = sum(len(r["detections"]) for r in rows)
    table = list(csv.DictReader(open("a.csv")))
    check(total > 0 and len(table) == total and table[-1]["frame"] and float(table[-1]["pts"]) > 0, "csv")
    last = lines(open("a.jsonl").read())[-1]
    check(last["type"] == "summary" and last["frames"] == 30, last)
    check(count("out.mp4") == 30 and times("out.mp4") == want, f"out.mp4: {count('out.mp4')} {times('out.mp4')}")
    check(packets("out.mp4") == packets("a.mp4") and packets("a.mp4"), "audio packets")
    check("30 frames in " in err and " a second" in err, f"pace: {err}")
    again = frames_of(detect("a.mp4", "--jsonl", "-", "--conf", "0.01", "--batch", "4", "--streams", "2",
                             "--queue-size", "3", "--mode", "throughput")[1])
    check([[d["box"] for d in r["detections"]] for r in again] ==
          [[d["box"] for d in r["detections"]] for r in rows], "batches and streams give other boxes")
    rc, out, err = detect("a.mp4", "-o", "null")
    check(rc == 0 and out == "" and "30 frames" in err, f"-o null: {rc} {out} {err}")
    rc, out, err = detect("a.mp4", "--max-frames", "2")
    check(rc == 0 and "a.mp4 frame 1: " in out, f"list: {out}")


def selections():
    clip("a.mp4", 30, "30000/1001")
    got = lambda *a: [r["frame"] for r in frames_of(detect("a.mp4", "--jsonl", "-", *a)[1])]  # noqa: E731
    check(got("--max-frames", "7") == list(range(7)), "--max-frames")
    check(got("--vid-stride", "4") == list(range(0, 30, 4)), "--vid-stride")
    rows = frames_of(detect("a.mp4", "--jsonl", "-", "--start", "0.4", "--end", "800ms")[1])
    check(rows and all(0.4 <= r["pts"] < 0.8 for r in rows) and len(rows) == 12, f"{[r['pts'] for r in rows]}")
    rc, _, err = detect("a.mp4", "--vid-stride", "3", "-o", "s.mp4")
    check(rc == 0 and count("s.mp4") == 10, f"stride video: {rc} {err}")
    rc, _, err = detect("a.mp4", "--start", "60")
    check(rc == 3 and "E362" in err, f"nothing between --start and --end: {rc} {err}")


def sources():
    """Pictures and videos mixed, folders and lists; raw frames on stdin."""
    os.makedirs("mixed", exist_ok=True)
    clip("mixed/b.mp4", 5, audio=False)
    clip("mixed/c.mkv", 4, audio=False)
    ffmpeg("-i", "mixed/b.mp4", "-frames:v", "1", "mixed/a.png")
    with open("mixed/notes.txt", "w") as f:
        f.write("not a video\n")
    rc, out, err = detect("mixed", "--jsonl", "-", "-o", "drawn/")
    names = [r["source"] for r in frames_of(out)]
    check(rc == 0 and names == ["mixed/a.png"] + 5 * ["mixed/b.mp4"] + 4 * ["mixed/c.mkv"], f"{rc} {names} {err}")
    check(sorted(os.listdir("drawn")) == ["a.png", "b.mp4", "c.mkv"], os.listdir("drawn"))
    with open("list.txt", "w") as f:
        f.write("mixed/c.mkv\nnone.mp4\nmixed/a.png\n")
    rc, out, err = detect("@list.txt", "--jsonl", "-")
    check(rc == 1 and len(frames_of(out)) == 5 and "none.mp4" in err, f"list: {rc} {err}")
    raw = os.urandom(64 * 48 * 3 * 6)
    p = subprocess.run([GDRUN, "detect", "-m", "nano.gdw", *SMALL, "raw:64x48:rgb24@10:-", "--jsonl", "-", "-o",
                        "raw.mp4"], input=raw, capture_output=True, env=CLEAN, check=False)
    rows = frames_of(p.stdout.decode())
    check(p.returncode == 0 and [round(r["pts"], 6) for r in rows] == [0, .1, .2, .3, .4, .5] and
          count("raw.mp4") == 6, f"raw: {p.returncode} {p.stderr}")
    os.rename(clip("odd.mp4", 3, audio=False), "odd.bin")
    check(len(frames_of(detect("odd.bin", "--jsonl", "-")[1])) == 3, "a video is known by its content")


def exits():
    """Exit codes of the table, as far as videos reach them."""
    clip("a.mp4", 30, "30000/1001")
    rc, out, err = detect("/dev/video99")
    check(rc == 3 and "/dev/video99" in err, f"no camera: {rc} {err}")
    rc, out, err = detect("none.mp4")
    check(rc == 3 and "none.mp4" in err, f"missing: {rc} {err}")
    with open("text.mp4", "w") as f:
        f.write("renamed text\n" * 100)
    rc, out, err = detect("text.mp4")
    check(rc == 3 and "text.mp4" in err, f"text: {rc} {err}")
    for args in (("a.mp4", "-o", "a.mp4", "-y"), ("a.mp4", "-o", "a.png"), ("a.mp4", "-o", "a.xyz"),
                 ("a.mp4", "a.mp4", "-o", "o.mp4"), ("a.mp4", "--start", "2", "--end", "1"),
                 ("-", "raw:64x48:rgb24:-"),
                 ("a.mp4", "--fps", "0"), ("a.mp4", "--fps", "1/0"), ("a.mp4", "--bitrate", "4X"),
                 ("a.mp4", "--crf", "0"), ("a.mp4", "--crf", "20", "--bitrate", "4M"),
                 (DATA + "/images/dog.jpg", "-o", "dog.mp4")):
        rc, out, err = detect(*args)
        check(rc == 2, f"{args}: {rc} {err}")
    check(track("a.mp4", "--max-age", "soon")[0] == 2, "--max-age")
    low = ("--track-low", "0.5", "--track-high", "0.2")
    rc, out, err = track("a.mp4", "--tracker", "bytetrack", *low)
    check(rc == 2 and "E209" in err, f"--track-low above --track-high: {rc} {err}")
    check(track("a.mp4", "--tracker", "iou", *low)[0] == 0, "scores that only bytetrack looks at")
    rc, out, err = track("a.mp4", "--load-state", "none.json", "--id-start", "7")
    check(rc == 2 and "E209" in err, f"--id-start of saved tracks: {rc} {err}")
    check(track("a.mp4", "--trails", "1001")[0] == 2, "--trails 1001")
    check(detect("a.mp4", "--mot", "m.txt")[0] == 2, "detect has no --mot")
    rc, out, err = detect("a.mp4", "-o", "a2.mp4", "--codec", "nosuch")
    check(rc in (2, 9) and not os.path.exists("a2.mp4"), f"encoder: {rc} {err}")
    rc, out, err = detect("a.mp4", "-o", "no/such/folder/o.mp4")
    check(rc == 9, f"output that cannot be written: {rc} {err}")
    ffmpeg("-i", "a.mp4", "-c", "copy", "-movflags", "+faststart", "fast.mp4")
    size = os.path.getsize("fast.mp4")
    with open("fast.mp4", "rb") as f, open("half.mp4", "wb") as g:
        g.write(f.read(size * 6 // 10))
    rc, out, err = detect("half.mp4", "--jsonl", "-", "-o", "half-out.mp4")
    got = len(frames_of(out))
    check(rc == 1 and 0 < got < 30 and "of 30 frames" in err and "W390" in err, f"half: {rc} {got} {err}")
    check(count("half-out.mp4") == got, f"half out: {count('half-out.mp4')}")
    state = [r for r in lines(out) if r.get("type") == "state"]
    check(state and state[-1]["state"] == "end" and state[-1]["promised"] == 30, f"state: {state}")
    rc, out, err = detect("half.mp4", "none.mp4", "a.mp4", "--jsonl", "-")
    check(rc == 1 and len(frames_of(out)) == got + 30, f"half, missing, whole: {rc}")
    with open("fast.mp4", "rb") as f, open("third.mp4", "wb") as g:
        g.write(f.read(size * 5 // 10))
    rc, out, err = detect("half.mp4", "third.mp4", "a.mp4", "--json", "cut.json")
    document = json.load(open("cut.json"))
    bad = [e["source"] for e in document["summary"]["errors"]]
    check(rc == 1 and bad == ["half.mp4", "third.mp4"] and document["summary"]["failed"] == 2 and
          "half.mp4: " in err and "third.mp4: " in err, f"two cut: {rc} {bad} {err}")
    p = subprocess.run(f"trap '' XFSZ; ulimit -f 20; '{GDRUN}' detect -q -m nano.gdw --imgsz 96 a.mp4 --jsonl - "
                       "--queue-size 64 -o large.avi --codec mjpeg | grep state", shell=True, capture_output=True,
                       env=CLEAN, executable="/bin/bash", check=False)
    state = json.loads(p.stdout.decode().splitlines()[-1])["state"]
    check(b"E966" in p.stderr and state == "stopped", f"a failed output ends with: {state} {p.stderr}")
    p = subprocess.run(f"'{GDRUN}' detect -q -m nano.gdw --imgsz 96 a.mp4 --jsonl - -o pipe.mp4 | head -3",
                       shell=True, capture_output=True, env=CLEAN, executable="/bin/bash", check=False)
    check(p.stderr == b"" and count("pipe.mp4") > 0, f"closed pipe: {p.stderr}")


def interrupted():
    """SIGINT: exit code 130, a playable video, complete results."""
    if not os.path.exists("long.mp4"):
        ffmpeg("-stream_loop", "30", "-i", clip("a.mp4", 30, "30000/1001"), "-c", "copy", "long.mp4")
    p = subprocess.Popen([GDRUN, "track", "-m", "nano.gdw", "long.mp4", "--jsonl", "i.jsonl", "-o", "i.mp4"],
                         stderr=subprocess.PIPE, env=CLEAN)
    until = time.time() + 20
    while time.time() < until and not (os.path.exists("i.mp4.part") and os.path.getsize("i.mp4.part") > 0):
        time.sleep(0.05)
    time.sleep(0.7)
    p.send_signal(signal.SIGINT)
    err = p.communicate(timeout=30)[1].decode()
    check(p.returncode == 130, f"SIGINT: {p.returncode} {err}")
    rows = lines(open("i.jsonl").read())
    got = len([r for r in rows if "frame" in r])
    check(rows[-1].get("interrupted") == "SIGINT" and rows[-1]["frames"] == got, rows[-1])
    check(0 < count("i.mp4") <= 930 and abs(count("i.mp4") - got) <= 8, f"i.mp4: {count('i.mp4')} of {got}")


main(results, selections, sources, exits, interrupted)
