# gd_sink.py -- what the tests of written videos share: sources made by ffmpeg, and ffprobe of both ends.
import json
import os
import shutil
import subprocess
import sys
from fractions import Fraction

BUILD = os.environ.get("GD_BUILD", "build/ci")
COPY = os.path.join(BUILD, "video_copy")
PLUGIN = os.path.join(BUILD, "libgdrun_av.so")


def need():
    """Ends as skipped where video is not built or ffmpeg's programs are missing."""
    for what, there in (("libgdrun_av.so", os.path.exists(PLUGIN)), ("ffmpeg", shutil.which("ffmpeg")),
                        ("ffprobe", shutil.which("ffprobe"))):
        if not there:
            print(f"skipped: no {what}")
            sys.exit(77)


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *args], check=True)


def copy(source, target, *options, **more):
    """Runs video_copy; its lines, the last of them first split into words."""
    run = subprocess.run([COPY, source, target, *options], capture_output=True, text=True, check=False,
                         timeout=120, **more)
    lines = run.stdout.splitlines()
    assert run.returncode in (0, 1), (run.returncode, run.stdout, run.stderr)
    result = next((x for x in lines if x.startswith(("DONE", "ERROR"))), "")
    notes = [int(x.split()[1]) for x in lines if x.startswith("NOTE")]
    return result, notes, run.stdout + run.stderr


def probe(path, what, streams="v", edits=True):
    mov = ["-ignore_editlist", "1"] if not edits and path.endswith((".mp4", ".mov")) else []
    out = subprocess.run(["ffprobe", "-v", "error", *mov, "-select_streams", streams, "-show_entries", what,
                          "-of", "json", path], capture_output=True, text=True, check=True).stdout
    return json.loads(out)


def frames(path):
    """Times and ends of the packets of the video in display order, exact; and the stream's ticks. A frame
    ends where the next one begins, the last after its own duration where the container has one, else None."""
    got = probe(path, "packet=pts,duration:stream=time_base")
    base = Fraction(got["streams"][0]["time_base"])
    packets = sorted((int(p["pts"]), int(p.get("duration", 0))) for p in got["packets"])
    times = [p[0] * base for p in packets]
    # FFmpeg cuts the last packet of an MP4 that begins behind zero by that much.
    whole = probe(path, "packet=pts,duration", edits=False)["packets"]
    last = max((int(p["pts"]), int(p.get("duration", 0))) for p in whole)[1]
    return times, times[1:] + [times[-1] + last * base if last else None], base


def duration(path):
    return Fraction(probe(path, "format=duration")["format"]["duration"])


def hashes(path, kind):
    """Digest of each stream's packets of a kind: a (sound), s (subtitles)."""
    if not probe(path, "stream=index", kind).get("streams"):
        return []
    run = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-map", f"0:{kind}?", "-c", "copy", "-f",
                          "streamhash", "-hash", "md5", "-"], capture_output=True, text=True, check=False)
    return [line.split("=")[1] for line in run.stdout.splitlines()]
