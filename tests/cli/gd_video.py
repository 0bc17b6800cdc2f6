# gd_video.py -- what the tests of videos on the command line share: clips made once, probing, runs.
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import ASAN, BUILD, CLEAN, DATA, GDRUN, check, lines, main, run  # noqa: E402,F401

for need in (shutil.which("ffmpeg") or "ffmpeg", shutil.which("ffprobe") or "ffprobe",
             BUILD + "/libgdrun_av.so"):
    if not os.path.exists(need):
        print(f"skipped: {need} is not there")
        sys.exit(77)
WALK = DATA + "/videos/one-by-one-person-detection.mp4"
CARS = DATA + "/videos/car-detection.mp4"
VTEST = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
SMALL = ("--imgsz", "96")  # the video is under test here, not the network


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *args], check=True)


def probe(path, *what, stream="v:0"):
    p = subprocess.run(["ffprobe", "-v", "error", "-select_streams", stream, *what, "-of", "json", path],
                       capture_output=True, check=False)
    return json.loads(p.stdout or "{}")


def times(path):
    """Timestamps of the decoded frames in seconds, from the first, as exact fractions' floats."""
    rows = probe(path, "-show_entries", "frame=pts_time").get("frames", [])
    got = [float(r["pts_time"]) for r in rows]
    return [t - got[0] for t in got]


def count(path):
    return len(probe(path, "-show_entries", "frame=pts").get("frames", []))


def packets(path, stream="a:0"):
    """Hashes of a stream's packets, in order."""
    rows = probe(path, "-show_packets", "-show_data_hash", "sha256", stream=stream).get("packets", [])
    return [r["data_hash"] for r in rows]


def clip(name, frames=24, rate="25", size="160x120", audio=True, extra=(), source="testsrc2"):
    """A short clip with sound; made once."""
    if not os.path.exists(name):
        seconds = frames / eval(rate)
        sound = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:a", "aac"] if audio else []
        ffmpeg("-f", "lavfi", "-i", f"{source}=size={size}:rate={rate}", *sound, "-frames:v", str(frames),
               "-pix_fmt", "yuv420p", "-map_metadata", "-1", *extra, name)
    return name


def detect(*args, **kw):
    return run("detect", "-m", "nano.gdw", *SMALL, *args, **kw)


def track(*args, **kw):
    return run("track", "-m", "nano.gdw", *SMALL, *args, **kw)


def camera(plan, *args, command=("track", "-m", "nano.gdw"), device="/dev/video91"):
    """A run on a camera that is preloaded and behaves by the plan (v4l2_stub.c)."""
    if not os.path.exists("stub.so"):
        stub = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../media/v4l2_stub.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", "stub.so", stub, "-ldl"], check=True)
    return run(*command, device, "--jsonl", "-", *args,
               env={"LD_PRELOAD": os.path.abspath("stub.so"), "GD_CAMERA": plan,
                    "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"})


def frames_of(text):
    return [r for r in lines(text) if "frame" in r and "detections" in r]
