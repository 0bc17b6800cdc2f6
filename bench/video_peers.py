# video_peers.py -- gdrun track beside a small pipeline of OpenCV and PyTorch, in turns, on two cores.
"""video_peers.py [--build DIR] [--rounds N] [--frames N] [--videos FILE ...] [-o FILE.json]: YOLOX-nano, a tracker by
IoU, two threads, once without output and once with an annotated MP4 (both sides MPEG-4, which is what OpenCV writes).
The best round of each side counts, since other work on the machine only disturbs; for the same reason PyTorch's
threads do not spin. Time runs from the first frame
to the last; loading programs and weights is left out on both sides."""
import argparse
import datetime
import glob
import json
import os
import subprocess
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PYTHON = "/usr/bin/python3"


def ours(a, gdw, video, out, work):
    """The chain's own clock, which begins with the first frame."""
    stats = os.path.join(work, "stats.json")
    subprocess.run([os.path.join(a.build, "gdrun"), "track", "-q", "-m", gdw, video, "-o", out, "--stats", stats, "-y",
                    "--device", "cpu", "--threads", "2", "--max-frames", str(a.frames), "--codec", "mpeg4",
                    "--no-audio"], check=True)
    with open(stats, encoding="utf-8") as f:
        s = json.load(f)["summary"]
    stage = max(s["stages"], key=lambda t: t["busy_ms"] + t["idle_ms"] + t["blocked_ms"])
    seconds = (stage["busy_ms"] + stage["idle_ms"] + stage["blocked_ms"]) / stage["workers"] / 1e3
    return {"frames": s["frames"], "detections": s["detections"], "seconds": seconds, "bottleneck": s["bottleneck"]}


def theirs(a, video, out):
    p = subprocess.run([PYTHON, os.path.join(ROOT, "bench/peers/torch_video.py"), video, a.yolox, out, "2",
                        str(a.frames)], check=True, stdout=subprocess.PIPE, text=True,
                       env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    return json.loads(p.stdout)


def main():
    data = os.path.join(ROOT, "../shared/data")
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default=os.path.join(ROOT, "build/release"))
    p.add_argument("--yolox", default=data + "/yolox/yolox_nano.pth")
    p.add_argument("--videos", nargs="*", default=sorted(glob.glob(data + "/videos/*.mp4")))
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--frames", type=int, default=1000000)
    p.add_argument("-o", "--out")
    a = p.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="gdrun-bench-") as work:
        gdw = os.path.join(work, "nano.gdw")
        subprocess.run([os.path.join(a.build, "gdconvert"), a.yolox, "-o", gdw, "-q"], check=True)
        for video in a.videos:
            for out in ("null", os.path.join(work, "out.mp4")):
                us, them = [], []
                for _ in range(a.rounds):
                    us.append(ours(a, gdw, video, out, work))
                    them.append(theirs(a, video, out))
                fps = [max(r["frames"] / r["seconds"] for r in side) for side in (us, them)]
                rows.append({"video": os.path.basename(video), "annotated": out != "null", "fps": fps[0],
                             "peer_fps": fps[1], "ratio": fps[0] / fps[1], "gdrun": us, "peer": them})
                print(f"{os.path.basename(video)}, {'annotated MP4' if out != 'null' else 'no output'}: "
                      f"{us[0]['frames']} frames, gdrun {fps[0]:.1f} a second ({us[0]['detections']} detections), "
                      f"OpenCV and PyTorch {fps[1]:.1f} ({them[0]['detections']}), {fps[0] / fps[1]:.2f} times",
                      flush=True)
    if a.out:
        record = {"kind": "video", "date": datetime.date.today().isoformat(), "load": os.getloadavg()[0],
                  "torch": rows[0]["peer"][0]["torch"], "opencv": rows[0]["peer"][0]["opencv"], "rows": rows}
        with open(a.out, "w", encoding="utf-8") as f:
            json.dump(record, f, indent=1)
            f.write("\n")


main()
