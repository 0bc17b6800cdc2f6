#!/usr/bin/env python3
# quickstart_test.py -- tools/quickstart: its frame and video, and a fetched file that is used only when it verifies.
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

BUILD = os.path.abspath(os.environ.get("GD_BUILD", "build/ci"))
DATA = os.path.abspath(os.environ.get("GD_DATA", "../shared/data"))
CHECKPOINT = DATA + "/yolox/yolox_nano.pth"
VIDEO = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
PORTRAIT = "/usr/lib/python3/dist-packages/imageio/resources/images/astronaut.png"
PEDESTRIAN = os.path.abspath("weights/pretrained/pedestrian.gdw")
failures = 0


def check(ok, what):
    global failures
    if not ok:
        failures += 1
        print("FAILED:", str(what)[:2000])


def quickstart(out, *args):
    p = subprocess.run(["tools/quickstart", "--programs", BUILD, "--out", out, *args],
                       capture_output=True, text=True, timeout=300, check=False,
                       env={**os.environ, "OMP_WAIT_POLICY": "passive", "no_proxy": "127.0.0.1"})
    return p.returncode, p.stdout, p.stderr


def is_png(path):
    if not os.path.exists(path):
        return False
    with open(path, "rb") as f:
        return f.read(8) == b"\x89PNG\r\n\x1a\n"


class Server(http.server.ThreadingHTTPServer):
    """Serves files by name, whole or cut short after half their bytes, and counts requests."""
    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.cut, self.count = files, False, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/models/{name}"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.count += 1
        body = self.server.files.get(self.path.rsplit("/", 1)[1])
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2] if self.server.cut else body)

    def log_message(self, *args):
        pass


def own(out):
    """The frame of Debian's video, with the model of the repository where it is there."""
    model = PEDESTRIAN
    if not os.path.exists(model):
        print(f"note: no {model}; YOLOX-nano stands in")
        model = out + "/nano.gdw"
        subprocess.run([BUILD + "/gdconvert", CHECKPOINT, "-o", model], check=True, capture_output=True)
    args = () if model == PEDESTRIAN else ("--model", model)
    frames = os.environ.get("GD_QUICKSTART_FRAMES", "12")
    rc, text, err = quickstart(out, *args, "--frames", frames)
    check(rc == 0 and is_png(out + "/quickstart.png"), f"quickstart: {rc} {err}")
    check("  person " in text and "(768x576" in text, f"no detections printed: {text}")
    check(f"annotated picture: {out}/quickstart.png\n" in text, f"where the picture is: {text}")
    check(f"annotated video: {out}/quickstart.mp4" in text, f"where the video is: {text}")
    seen = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames",
                           "-of", "csv=p=0", out + "/quickstart.mp4"], capture_output=True, text=True, check=False)
    check(seen.stdout.strip() == frames, f"frames of the annotated video: {seen.stdout} {seen.stderr}")
    with open(out + "/quickstart.jsonl", encoding="utf-8") as f:
        ids = {d["id"] for row in map(json.loads, f) for d in (row["detections"] if "pts" in row else []) if "id" in d}
    check(len(ids) >= 4, f"tracks: {ids}")
    rc, text, err = quickstart(out, "--model", out + "/none.gdw")
    check(rc != 0 and "no model" in err and "annotated" not in text, f"missing model: {rc} {err}")


def official(out):
    """A fetched file is used when it is what its name says, and left nowhere when it is not."""
    with open(CHECKPOINT, "rb") as f:
        body = f.read()
    good = f"nano-{hashlib.sha256(body).hexdigest()[:8]}.pth"
    server = Server({good: body, "nano-0123abcd.pth": body})

    def refused(name, word, *, url=None):
        rc, text, err = quickstart(out, "--official", "--url", url or server.url(name))
        check(rc not in (0, 77) and word in err, f"{name}: {rc}, no '{word}' in {err}")
        check("gdrun detect" not in text and "converting" not in text, f"{name} was used: {text}")
        check(os.listdir(out) == [], f"{name} left {os.listdir(out)}")

    refused("nano-0123abcd.pth", "expected 0123abcd")
    refused("nano-" + "ab" * 4 + ".pth", "404")
    before = server.count
    refused("nano.pth", "nothing to verify")
    refused("nano-abc123.pth", "nothing to verify")
    check(server.count == before, "a file that cannot be verified was fetched")
    server.cut = True
    refused(good, "could not fetch")
    server.cut = False
    closed = Server({})
    url = closed.url(good)
    closed.shutdown()
    closed.server_close()
    refused(good, "could not fetch", url=url)

    # What lies there under the right name is verified too: a damaged file is fetched again.
    with open(f"{out}/{good}", "wb") as f:
        f.write(body[:-1])
    before = server.count
    rc, text, err = quickstart(out, "--official", "--url", server.url(good))
    check(rc == 0 and is_png(out + "/quickstart-official.png"), f"official: {rc} {err}")
    check(server.count == before + 1, "a damaged file was not fetched again")
    check("verified" in text and "  person " in text and "annotated picture: " in text, text)
    check("licence" not in text, "a licence was stated for a file of unknown origin")
    with open(f"{out}/{good}", "rb") as f:
        check(f.read() == body, "the fetched file differs")
    check(sorted(os.listdir(out)) == sorted([good, good[:-4] + ".gdw", "quickstart-official.png"]),
          f"left behind: {os.listdir(out)}")
    rc, text, err = quickstart(out, "--official", "--url", server.url(good))
    check(rc == 0 and server.count == before + 1, f"a verified file was fetched again: {err}")
    server.shutdown()


def usage(out):
    for args in (["--bad"], ["--url"], ["--url", "http://127.0.0.1/x-01234567.pth"],
                 ["--official", "--model", "x.gdw"], ["--official", "--frames", "3"]):
        rc, _, err = quickstart(out, *args)
        check(rc == 2 and "--official" in err, f"{args}: {rc} {err}")


need = [BUILD + "/gdrun", BUILD + "/gdconvert"]
model = PEDESTRIAN if os.path.exists(PEDESTRIAN) else CHECKPOINT
parts = [(own, need + [model, shutil.which("ffmpeg") or "ffmpeg", VIDEO, BUILD + "/libgdrun_av.so"]),
         (official, need + [CHECKPOINT, shutil.which("curl") or "curl", PORTRAIT]), (usage, [])]
skipped = 0
for part, files in parts:
    missing = [f for f in files if not os.path.exists(f)]
    if missing:
        print(f"skipped {part.__name__}: no {missing[0]}")
        skipped += 1
        continue
    with tempfile.TemporaryDirectory() as folder:
        part(folder)
    print("done", part.__name__)
sys.exit(1 if failures else 77 if skipped else 0)
