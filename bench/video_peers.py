# video_peers.py -- gdrun track beside a small pipeline of OpenCV and PyTorch, in turns.
"""video_peers.py [--build DIR] [--arch NAME --weights FILE.pth] [--device cuda] [--rounds N] [--frames N]
[--videos FILE ...] [-o bench/results/NAME]: a detector and a tracker by IoU, once without output and once
with an annotated MP4 (MPEG-4, which is what OpenCV writes; on a GPU also H.264 by gdrun alone). The
best round of each side counts, since other work on the machine only disturbs; for the same reason
PyTorch's threads do not spin. Time runs from the first frame to the last; loading programs and weights
is left out on both sides, as is compiling. On a GPU, busy is what nvidia-smi says, every 100 ms."""
import argparse
import datetime
import glob
import json
import os
import subprocess
import sys
import tempfile

import report

ROOT = report.ROOT
OUTPUTS = {"none": None, "mp4 (MPEG-4)": "mpeg4", "mp4 (H.264)": "h264"}


class Busy:
    """Mean share of time in which the GPU ran a kernel, in percent; None without nvidia-smi."""

    def __init__(self, device):
        self.p = None
        if device == "cuda":
            try:
                self.p = subprocess.Popen(["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits",
                                           "-lms", "100"], stdout=subprocess.PIPE, text=True)
            except OSError:
                pass

    def stop(self):
        if self.p is None:
            return None
        self.p.terminate()
        told = [int(t) for t in self.p.communicate()[0].split() if t.isdigit()]
        # What comes before the first frame and after the last is not the pipeline's.
        most = max(told, default=0)
        inner = [t for t in told if t > most / 4]
        return sum(inner) / len(inner) if inner else None


def ours(a, gdw, video, codec, work):
    """The chain's own clock, which begins with the first frame."""
    stats, out = os.path.join(work, "stats.json"), os.path.join(work, "out.mp4") if codec else "null"
    busy = Busy(a.device)
    subprocess.run([os.path.join(a.build, "gdrun"), "track", "-q", "-m", gdw, video, "-o", out, "--stats", stats, "-y",
                    "--device", a.device, "--precision", a.precision, "--max-frames", str(a.frames), "--no-audio",
                    *(["--codec", codec] if codec else []), *(["--threads", str(a.threads)] if a.threads else [])],
                   check=True)
    share = busy.stop()
    with open(stats, encoding="utf-8") as f:
        s = json.load(f)["summary"]
    stage = max(s["stages"], key=lambda t: t["busy_ms"] + t["idle_ms"] + t["blocked_ms"])
    seconds = (stage["busy_ms"] + stage["idle_ms"] + stage["blocked_ms"]) / stage["workers"] / 1e3
    return {"frames": s["frames"], "detections": s["detections"], "seconds": seconds, "bottleneck": s["bottleneck"],
            "gpu_busy": share, "stages": {t["name"]: t["busy_ms"] / t["workers"] / max(s["frames"], 1)
                                          for t in s["stages"]}}


def theirs(a, video, codec, batch, work):
    out = os.path.join(work, "peer.mp4") if codec else "null"
    busy = Busy(a.device)
    p = subprocess.run([a.python, os.path.join(ROOT, "bench/peers/torch_video.py"), video, a.weights, out, "--arch",
                        a.arch, "--device", a.device, "--batch", str(batch), "--threads", str(a.threads), "--frames",
                        str(a.frames)], check=True, stdout=subprocess.PIPE, text=True,
                       env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    return dict(json.loads(p.stdout), gpu_busy=busy.stop(), batch=batch)


def fps(side):
    return max((r["frames"] / r["seconds"] for r in side), default=0)


def main():
    data = os.path.join(ROOT, "../shared/data")
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default=os.path.join(ROOT, "build/release"))
    p.add_argument("--arch", default="yolox_nano")
    p.add_argument("--weights", default=data + "/yolox/yolox_nano.pth")
    p.add_argument("--videos", nargs="*", default=sorted(glob.glob(data + "/videos/*.mp4")))
    p.add_argument("--device", default="cpu")
    p.add_argument("--precision", default="")
    p.add_argument("--python", default="/usr/bin/python3")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--frames", type=int, default=1000000)
    p.add_argument("--no-peer", action="store_true")
    p.add_argument("--commit", default="")
    p.add_argument("-o", "--out")
    a = p.parse_args()
    a.precision = a.precision or ("fp16" if a.device == "cuda" else "fp32")
    batches = (1, 8) if a.device == "cuda" else (1,)
    rows = []
    devices = subprocess.run([os.path.join(a.build, "gdrun"), "devices"], check=True, stdout=subprocess.PIPE,
                             text=True).stdout.splitlines()
    # "cpu  NAME, ...", "cuda:0  NAME, ..."; a line of "cuda" alone tells of the plugin.
    which = "cuda:0" if a.device == "cuda" else a.device
    device = next(t.split(None, 1)[1].split(",")[0] for t in devices if t.startswith(which))
    with tempfile.TemporaryDirectory(prefix="gdrun-bench-") as work:
        gdw = os.path.join(work, a.arch + ".gdw")
        subprocess.run([os.path.join(a.build, "gdconvert"), a.weights, "-o", gdw, "-q"], check=True)
        for video in a.videos:
            for name, codec in OUTPUTS.items():
                if codec == "h264" and a.device != "cuda":
                    continue
                us, them = [], []
                for _ in range(a.rounds):
                    us.append(ours(a, gdw, video, codec, work))
                    if codec != "h264" and not a.no_peer:
                        them += [theirs(a, video, codec, b, work) for b in batches]
                best = max(us, key=lambda r: r["frames"] / r["seconds"])
                peer = max(them, key=lambda r: r["frames"] / r["seconds"], default=None)
                row = {"video": os.path.basename(video), "model": a.arch, "precision": a.precision, "output": name,
                       "gdrun": best, "peer": peer, "rounds": {"gdrun": us, "peer": them}}
                rows.append(row)
                print(report.video_line(row), flush=True)
    if a.out:
        peers = [r["peer"] for r in rows if r["peer"]]
        record = {"kind": "video", "date": datetime.date.today().isoformat(), "device": device,
                  "commit": a.commit or report.commit(), "threads": a.threads or os.cpu_count(),
                  "torch": peers[0]["torch"] if peers else "-", "opencv": peers[0]["opencv"] if peers else "-",
                  "rows": rows}
        report.save(a.out, record)


if __name__ == "__main__":
    sys.exit(main())
