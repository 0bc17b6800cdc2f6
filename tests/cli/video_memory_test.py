# video_memory_test.py -- a long video needs no more memory than a short one; GD_LONG=1: 20,000 frames.
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import ASAN, CLEAN, GDRUN, check, clip, count, ffmpeg, main  # noqa: E402

FRAMES, WARM = (20000, 2000) if os.environ.get("GD_LONG") else (2000, 500)


def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


def written(path):
    """Frames whose results are on disk: lines of the results under way."""
    try:
        with open(path, "rb") as f:
            return f.read().count(b'"pts"')
    except OSError:
        return 0


def flat():
    """Resident memory after the warm-up and at the end, while results and a video are written."""
    if ASAN:
        print("note: AddressSanitizer keeps what is freed; memory is not measured")
        return
    clip("short.mp4", 100, "25", "96x64", audio=True)
    ffmpeg("-stream_loop", str(FRAMES // 100 - 1), "-i", "short.mp4", "-c", "copy", "long.mkv")
    whole = count("long.mkv")
    p = subprocess.Popen([GDRUN, "track", "-m", "nano.gdw", "--imgsz", "32", "long.mkv", "--conf", "0.001", "--max-det",
                          "20", "--jsonl", "m.jsonl", "--csv", "m.csv", "--stats", "m.json", "-o", "m.mkv", "--preset",
                          "ultrafast", "--trails", "5", "--show-fps"], stderr=subprocess.PIPE, env=CLEAN)
    part, warm, last, peak = "m.jsonl.part", 0, 0, 0
    while p.poll() is None:
        done = written(part) if os.path.exists(part) else 0
        now = resident(p.pid)
        if done >= WARM and not warm:
            warm = now
        if now:
            last, peak = now, max(peak, now)
        time.sleep(0.25 if FRAMES <= 2000 else 2)
    err = p.stderr.read().decode()
    check(p.returncode == 0 and count("m.mkv") == whole >= FRAMES - 2, f"{p.returncode} {count('m.mkv')} {whole} {err}")
    print(f"note: {whole} frames: {warm} KiB resident after {WARM}, {last} KiB at the end, {peak} KiB at most")
    check(warm and last - warm <= 1024, f"memory grew: {warm} KiB after {WARM} frames, {last} KiB at the end")


main(flat)
