# video_filter_test.py -- gdrun filter on videos: frames, times and sound kept, outputs, what is refused, SIGINT.
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import CLEAN, GDRUN, check, clip, count, ffmpeg, main, packets, run, times  # noqa: E402

try:
    import cv2
    import numpy as np
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)
SOBEL = ("-f", "sobel:grey=yes", "--device", "cpu")


def filtered(*args, spec=SOBEL, **kw):
    return run("filter", *spec, *args, **kw)


def frames(path):
    got, reader = [], cv2.VideoCapture(path)
    while True:
        ok, frame = reader.read()
        if not ok:
            return np.array(got, np.float64)
        got.append(frame)


def kept():
    """Every frame is filtered, at its own time, and the sound is the source's."""
    clip("a.mp4", 30, "30000/1001", source="mandelbrot")
    rc, out, err = filtered("a.mp4", "-o", "b.mp4", "--crf", "1", "--json", "-")
    told = json.loads(out)
    check(rc == 0 and "30 frames in " in err and told["filtered"] == 1 and told["pictures"] == [], f"{rc} {out} {err}")
    video = told["videos"][0]
    check(video["frames"] == 30 and (video["width"], video["height"]) == (160, 120) and video["seconds"] > 0 and
          (video["source"], video["output"]) == ("a.mp4", "b.mp4"), video)
    check(times("b.mp4") == times("a.mp4") and len(times("b.mp4")) == 30, f"times: {times('b.mp4')}")
    check(packets("b.mp4") == packets("a.mp4") and packets("a.mp4"), "audio packets")
    for i, (was, now) in enumerate(zip(frames("a.mp4"), frames("b.mp4"))):
        grey = was @ [0.114, 0.587, 0.299]
        edges = np.hypot(cv2.Sobel(grey, cv2.CV_64F, 1, 0), cv2.Sobel(grey, cv2.CV_64F, 0, 1)).clip(0, 255)
        off = np.abs(now.mean(2) - edges).mean()
        check(off < 4 < np.abs(grey - edges).mean(), f"frame {i}: {off}")
    ffmpeg("-i", "a.mp4", "-vf", "select=not(mod(n\\,3))+eq(n\\,4),setpts=N*N*40/TB/1000", "-fps_mode", "vfr",
           "-an", "vary.mkv")
    rc, out, err = filtered("vary.mkv", "-o", "vary-out.mkv")
    check(rc == 0 and times("vary-out.mkv") == times("vary.mkv") and len(times("vary.mkv")) == 11, f"{rc} {err}")


def outputs():
    """Parts of a video, folders of pictures and videos, another codec, null, a preview."""
    clip("a.mp4", 30, "30000/1001", source="mandelbrot")
    rc, out, err = filtered("a.mp4", "-o", "c.mkv", "--vid-stride", "3", "--max-frames", "5", "--codec", "mpeg4",
                            "--no-audio")
    check(rc == 0 and count("c.mkv") == 5 and not packets("c.mkv") and "mpeg4" in err, f"{rc} {err}")
    os.mkdir("mixed")
    os.link("a.mp4", "mixed/a.mp4")
    os.link("tiny.png", "mixed/tiny.png")
    rc, out, err = filtered("mixed", "-o", "out/", "--json", "m.json")
    told = json.load(open("m.json"))
    check(rc == 0 and sorted(os.listdir("out")) == ["a.mp4", "tiny.png"] and told["filtered"] == 2 and
          len(told["pictures"]) == len(told["videos"]) == 1 and told["ms"]["filter"] > 0, f"{rc} {err} {told}")
    rc, out, err = filtered("a.mp4", "tiny.png", "-o", "null", "--json", "-")
    told = json.loads(out)
    check(rc == 0 and told["videos"][0]["frames"] == 30 and "output" not in told["videos"][0] and
          "output" not in told["pictures"][0] and not os.path.exists("null"), f"{rc} {out} {err}")
    rc, out, err = filtered("a.mp4", "--preview", "0", "--max-frames", "3")
    check(rc == 0 and "preview: http" in err and "3 frames" in err, f"{rc} {err}")
    p = subprocess.run([GDRUN, "filter", *SOBEL, "raw:64x48:rgb24@10:-", "-o", "raw.mp4"], input=bytes(64 * 48 * 3 * 6),
                       capture_output=True, env=CLEAN, check=False)
    check(p.returncode == 0 and count("raw.mp4") == 6, f"raw: {p.returncode} {p.stderr}")


def refused():
    clip("a.mp4", 30, "30000/1001", source="mandelbrot")
    with open("text.mp4", "w") as f:
        f.write("renamed text\n" * 100)
    for want, code, args in (
            (2, 207, ("a.mp4",)), (2, 207, ("a.mp4", "tiny.png", "--preview", "0")), (2, 209, ("a.mp4", "-o", "a.png")),
            (2, 209, ("tiny.png", "-o", "t.mp4")), (2, 209, ("a.mp4", "tiny.png", "-o", "o.mp4")),
            (2, 208, ("a.mp4", "-o", "a.mp4", "-y")), (2, 201, ("a.mp4", "-o", "o.mp4", "--tracker", "iou")),
            (2, 204, ("a.mp4", "-o", "o.mp4", "--fps", "0")),
            (2, 209, ("a.mp4", "-o", "o.mp4", "--start", "2", "--end", "1")),
            (3, None, ("none.mp4", "-o", "o.mp4")), (3, None, ("text.mp4", "-o", "o.mp4")),
            (3, 362, ("a.mp4", "-o", "o.mp4", "--start", "60")), (3, None, ("/dev/video99", "-o", "o.mp4")),
            (9, None, ("a.mp4", "-o", "no/such/folder/o.mp4"))):
        rc, out, err = filtered(*args)
        check(rc == want and (code is None or f"E{code}" in err), f"{args}: {rc} {err}")
    check(not os.path.exists("o.mp4"), "something was written")
    ffmpeg("-i", "a.mp4", "-c", "copy", "-movflags", "+faststart", "fast.mp4")
    with open("fast.mp4", "rb") as f, open("half.mp4", "wb") as g:
        g.write(f.read(os.path.getsize("fast.mp4") * 6 // 10))
    rc, out, err = filtered("half.mp4", "-o", "h.mp4", "--json", "-")
    video = json.loads(out)["videos"][0]
    check(rc == 1 and "W390" in err and 0 < count("h.mp4") == video["frames"] < 30 and video["error"]["code"] == 390,
          f"half: {rc} {video} {err}")
    rc, out, err = filtered("a.mp4", "none.mp4", "-o", "two/", "--json", "-")
    told = json.loads(out)
    check(rc == 1 and os.listdir("two") == ["a.mp4"] and told["failed"] == 1, f"one of two: {rc} {told} {err}")
    rc, out, err = filtered("a.mp4", "-o", "two/")
    check(rc == 9 and os.listdir("two") == ["a.mp4"], f"replaced without -y: {rc} {err}")


def interrupted():
    """SIGINT leaves a playable video; it breaks off even the copies that --fps fills a long gap with."""
    clip("a.mp4", 30, "30000/1001", source="mandelbrot")
    ffmpeg("-i", "a.mp4", "-an", "-vf", "setpts=if(lt(N\\,20)\\,N/25\\,N/25+80000)/TB", "-fps_mode", "passthrough",
           "gap.mkv")
    for args in (("-stream_loop",), ("gap.mkv", "--fps", "60")):
        if args[0] == "-stream_loop":
            ffmpeg("-stream_loop", "200", "-i", "a.mp4", "-c", "copy", "long.mp4")
            args = ("long.mp4",)
        out = args[0] + "-out.mp4"
        p = subprocess.Popen([GDRUN, "filter", "-f", "guided:radius=9", *args, "-o", out, "--preset", "ultrafast"],
                             stderr=subprocess.PIPE, env=CLEAN)
        until = time.time() + 60
        while time.time() < until and not (os.path.exists(out + ".part") and os.path.getsize(out + ".part") > 9000):
            time.sleep(0.05)
        p.send_signal(signal.SIGINT)
        try:
            err = p.communicate(timeout=60)[1].decode()
        except subprocess.TimeoutExpired:
            p.kill()
            err = "it goes on"
        check(p.returncode == 130 and os.path.exists(out) and count(out) > 0, f"{args}: {p.returncode} {err}")


main(kept, outputs, refused, interrupted)
