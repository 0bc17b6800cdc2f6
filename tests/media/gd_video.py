# gd_video.py -- what tests of video share: sources made by ffmpeg, video_dump read back, checks.
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

BUILD = os.environ.get("GD_BUILD", "build/ci")
DATA = os.environ.get("GD_DATA", "../shared/data")
DUMP = os.path.abspath(os.path.join(BUILD, "video_dump"))
PLUGIN = os.path.abspath(os.path.join(BUILD, "libgdrun_av.so"))
VTEST = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
failures = []


def check(ok, what):
    if not ok:
        failures.append(what)
        print("FAILED:", what, flush=True)


def ffmpeg(*args, data=None):
    """Runs ffmpeg; its output. Tests depend on the encoders of Debian's build."""
    r = subprocess.run(["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "2",
                        *map(str, args)], capture_output=True, input=data, check=False)
    if r.returncode:
        raise RuntimeError(f"ffmpeg {args}: {r.stderr.decode()}")
    return r.stdout.decode()


def pattern(seconds=2, size="320x180", rate=25, more=""):
    """Arguments of a moving picture."""
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}{more}"]


def tone(seconds=2):
    return ["-f", "lavfi", "-i", f"sine=d={seconds}"]


X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]


def fields(line):
    """`name=value name=value text=...`: text holds blanks."""
    out, rest = {}, line
    if " text=" in " " + line:
        rest, out["text"] = (" " + line).split(" text=", 1)
        out["text"], _, out["why"] = out["text"].partition(" why=")
    out.update(w.split("=", 1) for w in rest.split() if "=" in w)
    names = ("crc", "pixel", "text", "why")  # may be all digits, and are no numbers
    return {k: int(v) if v.lstrip("-").isdigit() and k not in names else v for k, v in out.items()}


class Dump:
    """What a source gave: info, frames, notes, counts, error (dicts), in order."""

    def __init__(self, text, rc):
        self.rc, self.info, self.counts, self.error = rc, None, None, None
        self.frames, self.notes, self.memory = [], [], []
        for line in text.split("\n"):
            kind, _, rest = line.partition(" ")
            if kind == "frame":
                self.frames.append(fields(rest))
            elif kind == "note":
                self.notes.append(fields(rest))
            elif kind == "memory":
                self.memory.append(fields(rest)["kib"])
            elif kind in ("info", "counts", "error"):
                setattr(self, kind, fields(rest))

    def code(self):
        return self.error["code"] if self.error else 0

    def pts(self):
        return [f["pts"] for f in self.frames]

    def crcs(self):
        return [f["crc"] for f in self.frames]




def dump(*args, timeout=120, data=None, env=None, program=DUMP):
    r = subprocess.run([program, *map(str, args)], capture_output=True, timeout=timeout, check=False,
                       input=data, env=env, stdin=None if data is not None else subprocess.DEVNULL)
    if r.returncode not in (0, 3):
        check(False, f"video_dump {args}: {r.returncode} {r.stderr.decode()[-2000:]}")
    return Dump(r.stdout.decode(errors="replace"), r.returncode)


def rising(values):
    return all(a < b for a, b in zip(values, values[1:]))


def probe_pts(path):
    """Timestamps of the first video stream as ffprobe decodes them."""
    r = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts",
                        "-of", "csv=p=0", path], capture_output=True, text=True, check=True)
    return [int(line.split(",")[0]) for line in r.stdout.split() if line.split(",")[0] not in ("", "N/A")]


def probe_crcs(path, *more):
    """CRC-32 of the frames as ffmpeg turns them to RGB."""
    out = ffmpeg("-i", path, *more, "-map", "0:v:0", "-fps_mode", "passthrough", "-sws_flags", "bilinear",
                 "-pix_fmt", "rgb24", "-f", "framehash", "-hash", "CRC32", "-")
    return [line.split(",")[-1].strip() for line in out.split("\n") if line and line[0] != "#"]


def main(*tests):
    """Runs the functions in an empty folder; 77 where they cannot run."""
    if not os.path.exists(PLUGIN):
        print("skipped: this build has no video plugin")
        sys.exit(77)
    if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
        print("skipped: no ffmpeg program")
        sys.exit(77)
    global DATA
    DATA = os.path.abspath(DATA)
    home = os.getcwd()
    only = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        for test in tests:
            if only and test.__name__ not in only:
                continue
            try:
                test()
            except Exception:  # pylint: disable=broad-except
                check(False, f"{test.__name__}: {traceback.format_exc()}")
        os.chdir(home)
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)
