# video_sink_test.py -- round trips: every frame, its time, its sound, through every container.
import os
import sys
import tempfile
from fractions import Fraction

import gd_sink as gv

gv.need()
DATA = os.environ.get("GD_DATA", "../shared/data")
VTEST = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
CODECS = {"mp4": {"aac", "mp3", "opus"}, "mov": {"aac", "mp3", "pcm_s16le"}, "webm": {"opus"},
          "avi": {"aac", "mp3", "pcm_s16le"}, "mkv": {"aac", "mp3", "opus", "pcm_s16le"}}
failures = []


def check(ok, *what):
    if not ok:
        failures.append(what)
        print("FAILED:", *what)


def picture(rate, seconds, size="96x64"):
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}"]


def tone(seconds):
    return ["-f", "lavfi", "-i", f"sine=f=440:r=44100:d={seconds}"]


# Two of three frames are dropped here and there, and those that stay are shifted by odd ticks.
UNEVEN = ["-vf", "select='not(mod(n\\,3))+gt(mod(n\\,17)\\,11)',settb=1/90000,setpts='PTS+mod(N*7919\\,1301)'",
          "-fps_mode", "passthrough", "-enc_time_base", "1:90000"]


def make(folder):
    """name -> (codec of the sound or None, constant rate, containers to write)"""
    at = lambda name: os.path.join(folder, name)
    gv.ffmpeg(*picture(25, 1), *tone(1), "-c:v", "libx264", "-preset", "fast", "-pix_fmt", "yuv420p", "-c:a", "aac",
              "-metadata", "title=a title", at("cfr.mp4"))
    gv.ffmpeg(*picture("30000/1001", 1), *X264, at("ntsc.mov"))
    gv.ffmpeg(*picture(60, 1), *tone(1), *UNEVEN, *X264, "-c:a", "libmp3lame", "-video_track_timescale", "90000",
              at("vfr.mp4"))
    with open(at("words.srt"), "w", encoding="ascii") as f:
        f.write("1\n00:00:00,100 --> 00:00:00,350\nwords\n\n2\n00:00:00,500 --> 00:00:00,900\nmore\n")
    gv.ffmpeg(*picture(60, 1), *tone(1), "-i", at("words.srt"), "-map", "0", "-map", "1", "-map", "2", *UNEVEN,
              *X264, "-c:a", "libopus", "-ac", "2", "-c:s", "srt", "-metadata:s:a", "language=nor", at("vfr.mkv"))
    gv.ffmpeg(*picture(12, 1), *tone(1), "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a",
              "libopus", at("cfr.webm"))
    gv.ffmpeg(*picture("25/2", 1), *tone(1), "-c:v", "mpeg4", "-c:a", "pcm_s16le", at("cfr.avi"))
    every = ("mp4", "mov", "mkv", "webm", "avi")
    return {"cfr.mp4": ("aac", True, every), "ntsc.mov": (None, True, ("mp4", "avi")),
            "vfr.mp4": ("mp3", False, ("mov", "mkv", "avi")), "vfr.mkv": ("opus", False, every),
            "cfr.webm": ("opus", True, ("mp4", "avi")), "cfr.avi": ("pcm_s16le", True, ("mkv", "avi"))}


def same_times(source, target, kind, what, count=None):
    was, was_end, base = gv.frames(source)
    was, was_end = was[:count], was_end[:count]
    now, now_end, _ = gv.frames(target)
    check(len(was) == len(now), what, "frames", len(was), len(now))
    if kind == "avi":  # counts from its first frame, in frames
        now = [was[0] + t for t in now]
        near = base if base.denominator <= 1000 else 0
        off = [(i, a, b) for i, (a, b) in enumerate(zip(was, now)) if abs(a - b) > near]
        check(not off, what, "times", off[:2])
        return was[0], was_end[-1]
    # Within half a millisecond of where the container counts those.
    near = Fraction(1, 2000) if kind in ("mkv", "webm") else 0
    off = [(i, a, b) for i, (a, b) in enumerate(zip(was, now)) if abs(a - b) > near]
    check(not off, what, "times", off[:2])
    if near == 0:
        off = [(i, a, b) for i, (a, b) in enumerate(zip(was_end, now_end)) if a is not None and a != b]
        check(not off, what, "ends", off[:2])
    return was[0], was_end[-1]


def round_trip(folder, name, sound, constant, kind):
    source, target = os.path.join(folder, name), os.path.join(folder, name + ".out." + kind)
    what = f"{name} -> {kind}:"
    result, notes, text = gv.copy(source, target, "replace")
    if kind == "avi" and not constant:
        check(result.startswith("ERROR 965 "), what, "not refused:", text)
        check(not os.path.exists(target) and not os.path.exists(target + ".part"), what, "left a file")
        return
    check(result.startswith("DONE"), what, text)
    check(not os.path.exists(target + ".part"), what, "left NAME.part")
    first, end = same_times(source, target, kind, what)
    takes = sound in CODECS[kind]
    check(gv.hashes(target, "a") == (gv.hashes(source, "a") if takes else []), what, "sound")
    words = gv.hashes(source, "s")
    check(gv.hashes(target, "s") == (words if kind == "mkv" else []), what, "subtitles")
    check((970 in notes) == bool(sound and not takes or words and kind != "mkv"), what, "notes", notes)
    if end is not None and kind != "avi":
        length = gv.duration(target)
        check(length >= end - first - Fraction(1, 1000), what, "duration", float(length), float(end))
        if not sound or not takes:
            check(abs(length - end) <= Fraction(1, 1000), what, "duration", float(length), float(end))
    if takes and kind in ("mp4", "mov", "mkv"):
        was = gv.probe(source, "packet=pts_time", "a")["packets"]
        now = gv.probe(target, "packet=pts_time", "a")["packets"]
        off = [(a, b) for a, b in zip(was, now)
               if "pts_time" in a and abs(float(a["pts_time"]) - float(b.get("pts_time", "nan"))) > 0.0011]
        check(not off, what, "times of the sound", off[:2])


def copies_all(folder):
    for name, (sound, constant, kinds) in make(folder).items():
        for kind in kinds:
            round_trip(folder, name, sound, constant, kind)
    out = os.path.join(folder, "out.mkv")
    gv.copy(os.path.join(folder, "cfr.mp4"), out, "replace")
    check(gv.probe(out, "format_tags=title")["format"]["tags"].get("title") == "a title", "metadata")
    gv.copy(os.path.join(folder, "vfr.mkv"), out, "replace")
    check(gv.probe(out, "stream_tags=language", "a")["streams"][0]["tags"]["language"] == "nor", "language")
    gv.copy(os.path.join(folder, "cfr.mp4"), out, "replace", "silent")
    check(gv.hashes(out, "a") == [], "silent")


def real_videos(folder):
    for path, kind, count in ((os.path.join(DATA, "videos", "car-detection.mp4"), "mp4", None),
                              (os.path.join(DATA, "videos", "one-by-one-person-detection.mp4"), "mkv", 120),
                              (VTEST, "mov", 120), (VTEST, "avi", 120)):
        if not os.path.exists(path):
            print("skipped: no", path)
            continue
        out = os.path.join(folder, "real." + kind)
        fast = ["preset=ultrafast"] if kind != "avi" else []
        stop = [f"frames={count}"] if count else []
        result, _, text = gv.copy(path, out, "replace", *fast, *stop)
        check(result.startswith("DONE"), path, text)
        same_times(path, out, kind, path, count)
        if not count:
            check(gv.hashes(path, "a") == gv.hashes(out, "a"), path, "sound")


def main():
    with tempfile.TemporaryDirectory() as folder:
        copies_all(folder)
        real_videos(folder)
    print(f"{len(failures)} failures")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
