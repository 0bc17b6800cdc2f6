# video_watch_test.py -- a run that is watched: --preview, --show, --stats, trails and the frame rate.
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

from PIL import Image, ImageChops

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import CLEAN, GDRUN, SMALL, WALK, check, clip, count, detect, ffmpeg, main, run, track  # noqa: E402


def statistics():
    clip("a.mp4", 30, "30000/1001")
    rc, out, err = track("a.mp4", "--conf", "0.01", "--stats", "a.json", "-o", "null")
    check(rc == 0 and out == "", f"{rc} {out} {err}")
    j = json.load(open("a.json"))
    s = j["summary"]
    check(j["type"] == "statistics" and s["frames"] == 30 and s["failed"] == 0, j)
    check(s["tracks"] > 0 and s["detections"] >= s["tracks"] and 0 < s["detection_rate"] <= 1, s)
    check(abs(sum(c["share"] for c in s["classes"]) - 1) < 1e-4, s["classes"])
    check(0 < s["latency_ms"]["p50"] <= s["latency_ms"]["p99"] <= s["latency_ms"]["max"] * 1.01, s["latency_ms"])
    check({"decode", "infer", "track"} <= {t["name"] for t in s["stages"]}, s["stages"])
    check(all(0 <= t["utilisation"] <= 1 for t in s["stages"]), s["stages"])
    check(s["bottleneck"] in {t["name"] for t in s["stages"]} and s["video"]["decoded"] == 30, s)
    check("30 frames in " in err and f"{s['tracks']} tracks" in err and "latency: mean" in err, err)


def drawing():
    """Annotations change the picture; trails and the frame rate change it further."""
    ffmpeg("-ss", "24", "-i", WALK, "-frames:v", "12", "-an", "-pix_fmt", "yuv420p", "walk.mp4")
    shots = {}
    for name, flags in (("plain", ()), ("trails", ("--trails", "10")), ("fps", ("--show-fps",))):
        rc, _, err = run("track", "-m", "nano.gdw", "walk.mp4", "--conf", "0.4", "--no-labels", "-o", name + ".mp4",
                         "--crf", "1", *flags)
        check(rc == 0 and count(name + ".mp4") == 12, f"{name}: {rc} {err}")
    for name in ("walk", "plain", "trails", "fps"):
        ffmpeg("-i", name + ".mp4", "-vf", "select=eq(n\\,11)", "-frames:v", "1", name + ".png")
        shots[name] = Image.open(name + ".png").convert("L")
    width, height = shots["walk"].size

    def differ(a, b, box):
        d = ImageChops.difference(shots[a].crop(box), shots[b].crop(box))
        return sum(d.histogram()[40:])
    whole = (0, 0, width, height)
    check(differ("walk", "plain", whole) > 500, "no boxes")
    check(differ("plain", "fps", (0, 0, width // 4, height // 8)) > 200, "no frame rate in the corner")
    check(differ("plain", "fps", (0, height // 2, width, height)) == 0, "the frame rate is everywhere")
    check(0 < differ("plain", "trails", whole) < width * height // 20, "no trails")


def preview():
    """Frames by HTTP while a long run goes on; SIGINT ends it well."""
    clip("long.mp4", 3000, audio=False, size="64x48")
    p = subprocess.Popen([GDRUN, "track", "-m", "nano.gdw", *SMALL, "long.mp4", "--conf", "0.01", "--preview", "0",
                          "-o", "null"], stderr=subprocess.PIPE, text=True, env=CLEAN)
    url = None
    for line in p.stderr:
        m = re.search(r"preview: (http://127\.0\.0\.1:\d+/)", line)
        if m:
            url = m.group(1)
            break
    check(url, "the preview has no address")
    sizes = set()
    for _ in range(3):
        with urllib.request.urlopen(url + "frame.jpg", timeout=60) as r:
            sizes.add(Image.open(io.BytesIO(r.read())).size)
    check(sizes == {(64, 48)}, sizes)
    time.sleep(0.1)
    p.send_signal(signal.SIGINT)
    rest = p.stderr.read()
    check(p.wait(60) == 130, f"{p.returncode} {rest}")
    rc, _, err = detect("long.mp4", "--preview", "1.2.3", "--max-frames", "1")
    check(rc == 2 and "1.2.3" in err, f"bad address: {rc} {err}")


def window():
    """The window on SDL's dummy driver, which keeps its frames as files; and no display at all."""
    clip("a.mp4", 12)
    env = {**CLEAN, "SDL_VIDEODRIVER": "dummy", "SDL_VIDEO_DUMMY_SAVE_FRAMES": "1"}
    p = subprocess.run([GDRUN, "detect", "-m", "nano.gdw", *SMALL, "a.mp4", "--show", "-o", "null"],
                       capture_output=True, text=True, env=env, check=False)
    if "E982" in p.stderr:
        print(f"no window here: {p.stderr}")
        return
    check(p.returncode == 0, f"{p.returncode} {p.stderr}")
    kept = [f for f in os.listdir(".") if f.endswith(".bmp")]
    check(kept, "nothing was shown")
    check(Image.open(kept[0]).size == (160, 120), Image.open(kept[0]).size)
    env = {k: v for k, v in CLEAN.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    p = subprocess.run([GDRUN, "detect", "-m", "nano.gdw", *SMALL, "a.mp4", "--show", "-o", "null"],
                       capture_output=True, text=True, env={**env, "SDL_VIDEODRIVER": "x11"}, check=False)
    check(p.returncode == 9 and "E983" in p.stderr and "--preview" in p.stderr, f"{p.returncode} {p.stderr}")


main(statistics, drawing, preview, window)
