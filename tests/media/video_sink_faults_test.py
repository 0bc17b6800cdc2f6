# video_sink_faults_test.py -- options and refusals of written videos; full disks, stops, colours.
import os
import resource
import signal
import subprocess
import sys
import tempfile

import gd_sink as gv

gv.need()
try:
    import numpy as np
except ImportError:
    print("skipped: no numpy")
    sys.exit(77)
failures = []


def check(ok, *what):
    if not ok:
        failures.append(what)
        print("FAILED:", *what)


def encoders():
    out = subprocess.run(["ffmpeg", "-v", "error", "-encoders"], capture_output=True, text=True, check=True).stdout
    return {line.split()[1] for line in out.splitlines() if line.startswith(" V")}


def codec_of(path):
    got = gv.probe(path, "stream=codec_name,width,height,pix_fmt")["streams"][0]
    return got["codec_name"], got["width"], got["height"], got["pix_fmt"]


def options(source, folder):
    out = lambda name: os.path.join(folder, name)
    have = encoders()
    for codec, kind, encoder, name in (
            ("h264", "mov", "libx264", "h264"), ("avc", "mkv", "libx264", "h264"), ("hevc", "mp4", "libx265", "hevc"),
            ("libx265", "mkv", "libx265", "hevc"), ("vp9", "mp4", "libvpx-vp9", "vp9"),
            ("vp8", "webm", "libvpx", "vp8"),
            ("mpeg4", "mkv", "mpeg4", "mpeg4"), ("mjpeg", "avi", "mjpeg", "mjpeg"), ("ffv1", "mkv", "ffv1", "ffv1"),
            ("libaom-av1", "webm", "libaom-av1", "av1")):
        if encoder not in have:
            print("skipped: no encoder", encoder)
            continue
        target = out(f"{codec}.{kind}")
        result, _, text = gv.copy(source, target, "codec=" + codec, "frames=6")
        check(result.startswith("DONE") and codec_of(target)[0] == name, codec, kind, text)
        check(len(gv.frames(target)[0]) == 6, codec, kind, "frames")
    tag = gv.probe(out("hevc.mp4"), "stream=codec_tag_string")["streams"][0]["codec_tag_string"]
    check(tag == "hvc1", "H.265 under", tag)
    sizes = []
    for option in ("crf=45", "crf=15", "bitrate=30000", "bitrate=900000", "preset=ultrafast", "threads=1"):
        result, _, text = gv.copy(source, out("o.mp4"), "replace", option)
        check(result.startswith("DONE mp4 h264 "), option, text)
        sizes.append(os.path.getsize(out("o.mp4")))
    check(sizes[0] < sizes[1] and sizes[2] < sizes[3], "sizes", sizes)
    # The index stands in front of the data, so that a browser plays while it loads.
    with open(out("o.mp4"), "rb") as f:
        head = f.read()
    check(0 < head.find(b"moov") < head.find(b"mdat"), "index behind the data")
    for rate, count in (("10/1", 10), ("50/1", 50), ("30000/1001", 30)):
        result, _, text = gv.copy(source, out("r.mp4"), "replace", "fps=" + rate)
        times, _, _ = gv.frames(out("r.mp4"))
        check(result.startswith("DONE") and len(times) == count, "fps", rate, len(times), text)
        steps = {b - a for a, b in zip(times, times[1:])}
        num, den = map(int, rate.split("/"))
        check(steps == {gv.Fraction(den, num)}, "fps", rate, steps)
    result, _, text = gv.copy(source, out("s.mp4"), "start=1", "frames=5")
    check(result.startswith("ERROR 968") and not os.path.exists(out("s.mp4")), "start behind the end", text)


def joined(folder):
    """Two recordings in one file: the second one's sound goes back in time, and that is said once."""
    part, both = os.path.join(folder, "part.ts"), os.path.join(folder, "both.ts")
    gv.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-c:v", "libx264",
              "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", part)
    with open(part, "rb") as f:
        data = f.read()
    with open(both, "wb") as f:
        f.write(data + data)
    result, notes, text = gv.copy(both, os.path.join(folder, "joined.mkv"))
    check(result.startswith("DONE") and notes.count(975) == 1, "joined", text)
    result, notes, text = gv.copy(part, os.path.join(folder, "single.mkv"))
    check(result.startswith("DONE") and 975 not in notes, "one recording", text)


def refusals(source, folder):
    out = lambda name: os.path.join(folder, name)
    with open(out("there.mp4"), "wb") as f:
        f.write(b"before")
    os.mkfifo(out("pipe.mkv"))
    os.mkdir(out("folder.mp4"))
    cases = [("x.gif", [], 215), ("x", [], 215), ("x.mp4", ["codec=divx"], 216), ("x.webm", ["codec=h264"], 216),
             ("x.mp4", ["codec=vp8"], 216), ("x.avi", ["codec=vp9"], 216), ("x.mp4", ["preset=warp"], 217),
             ("x.mkv", ["codec=mpeg4", "preset=fast"], 217), ("x.mp4", ["crf=52"], 217),
             ("x.mp4", ["crf=-1"], 217), ("x.mp4", ["crf=20", "bitrate=100000"], 217),
             ("x.mp4", ["bitrate=5"], 217), ("x.mkv", ["codec=ffv1", "crf=3"], 217), ("x.mp4", ["fps=0/1"], 217),
             ("x.mp4", ["fps=90000/1"], 217), ("pipe.mkv", [], 967), ("there.mp4", [], 0), ("folder.mp4", [], 0),
             ("missing/x.mp4", [], 0)]
    if not os.path.exists("/dev/nvidia0"):
        cases.append(("x.mp4", ["codec=h264_nvenc"], 961))
    for name, more, code in cases:
        result, _, text = gv.copy(source, out(name), *more)
        check(result.startswith(f"ERROR {code} "), name, more, text)
        check(not os.path.exists(out("x.mp4")) and not os.path.exists(out(name) + ".part"), name, more, "left a file")
    with open(out("there.mp4"), "rb") as f:
        check(f.read() == b"before", "an existing file was touched")
    result, _, text = gv.copy(source, out("there.mp4"), "replace", "frames=3")
    check(result.startswith("DONE") and codec_of(out("there.mp4"))[0] == "h264", "replace", text)
    os.symlink("there.mp4", out("link.mp4"))
    result, _, text = gv.copy(source, out("link.mp4"), "replace", "frames=3")
    check(result.startswith("ERROR 0 "), "symbolic link", text)


def missing_encoders(source, folder):
    """An FFmpeg without x264: mpeg4 with a warning where nothing was asked for, else a refusal before the start."""
    stub, target = os.path.join(folder, "stub.so"), os.path.join(folder, "without.mp4")
    code = os.path.join(os.path.dirname(os.path.abspath(__file__)), "no_encoder_stub.c")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libavcodec"], capture_output=True, text=True,
                           check=True).stdout.split()
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-Wl,--no-as-needed", "-o", stub, code, *flags, "-ldl"],
                   check=True)

    def without(names, *more, to=target):
        return gv.copy(source, to, "replace", "frames=5", *more,
                       env=dict(os.environ, LD_PRELOAD=stub, GD_NO_ENCODER=names,
                                ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0"))

    result, notes, text = without("h264_nvenc libx264")
    check(result.startswith("DONE mp4 mpeg4 mpeg4 ") and notes == [971] and "libx264" in text, "without x264:", text)
    check(codec_of(target)[0] == "mpeg4", "without x264: fallback")
    os.remove(target)
    for names, more, to in (("h264_nvenc libx264", ["codec=h264"], target), ("libx264 mpeg4 nvenc", [], target),
                            ("libvpx-vp9", [], os.path.join(folder, "without.webm")),
                            ("libx265 hevc_nvenc", ["codec=h265"], target)):
        result, notes, text = without(names, *more, to=to)
        check(result.startswith("ERROR 961 ") and "not in this FFmpeg" in text, "without", names, text)
        check(not os.path.exists(to) and not os.path.exists(to + ".part"), "without", names, "left a file")


def full_disk(source, folder):
    for kind in ("mp4", "mkv", "avi"):
        target = os.path.join(folder, "full." + kind)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
        result, _, text = gv.copy(source, target, "codec=mjpeg", preexec_fn=limit)
        check(result.startswith("ERROR 966 "), "full disk", kind, text)
        check(not os.path.exists(target) and os.path.exists(target + ".part"), "full disk", kind, "no .part")
        if kind == "mkv":
            check(len(gv.frames(target + ".part")[0]) > 0, "what was written cannot be read")


def stopped(folder):
    source, target = os.path.join(folder, "long.mp4"), os.path.join(folder, "stopped.mp4")
    gv.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=60", "-f", "lavfi", "-i", "sine=f=440:r=44100:d=60",
              "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", source)
    # What lies at the start becomes the first moment, of the sound as well.
    cut = os.path.join(folder, "cut.mp4")
    result, _, text = gv.copy(source, cut, "start=20", "frames=25")
    times, ends, _ = gv.frames(cut)
    check(result.startswith("DONE") and times[0] == 0 and ends[-1] == 1 and len(times) == 25, "start", text, times[:2])
    sound = [float(p["pts_time"]) for p in gv.probe(cut, "packet=pts_time", "a")["packets"]]
    check(-0.024 < sound[0] < 0.024 and 0.97 < sound[-1] < 1, "start: sound", sound[:1], sound[-1:])
    run = subprocess.Popen([gv.COPY, source, target, "slow"], stdout=subprocess.PIPE, text=True)
    check(run.stdout.readline() == "OPEN\n", "stopped: start")
    check(not os.path.exists(target) and os.path.exists(target + ".part"), "stopped: NAME.part")
    try:
        run.wait(timeout=1)
    except subprocess.TimeoutExpired:
        pass
    run.send_signal(signal.SIGINT)
    text = run.communicate(timeout=60)[0]
    check(run.returncode == 0 and "DONE" in text, "stopped:", text)
    times, ends, _ = gv.frames(target)
    check(0 < len(times) < 1500 and times[1] - times[0] == gv.Fraction(1, 25), "stopped: frames", len(times))
    # Sound lies before and behind its frames in the file; it ends with them.
    sound = float(gv.probe(target, "packet=pts_time", "a")["packets"][-1]["pts_time"])
    check(-0.03 < sound - float(ends[-1]) < 0, "stopped: sound", sound, float(ends[-1]))
    bad = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", target, "-f", "null", "-"], capture_output=True,
                         text=True, check=True).stderr
    check(bad == "", "stopped: does not decode:", bad)


def decoded(path, width, height):
    """The first frame as a player that heeds the tags shows it."""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-frames:v", "1", "-vf",
                          "scale=flags=accurate_rnd+full_chroma_int+bicubic", "-pix_fmt", "rgb24", "-f", "rawvideo",
                          "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3).astype(int)


def colours(folder):
    """Flat patches survive the way through source and sink, whatever matrix the source is in."""
    for size, matrix in (("64x48", "smpte170m"), ("64x48", "bt709"), ("1280x720", "bt709")):
        width, height = map(int, size.split("x"))
        source = os.path.join(folder, f"colour{width}{matrix}.mkv")
        bars = f"rgbtestsrc=s={size}:r=5:d=0.4,format=rgb24"
        gv.ffmpeg("-f", "lavfi", "-i", bars, "-vf", f"scale=out_color_matrix={matrix}:out_range=tv:flags=accurate_rnd",
                  "-pix_fmt", "yuv420p", "-colorspace", matrix, "-color_range", "tv", "-c:v", "libx264", "-crf", "1",
                  source)
        was = decoded(source, width, height)
        for kind, more in (("mp4", ["crf=1"]), ("webm", ["crf=4"]), ("avi", ["codec=mjpeg", "crf=1"])):
            target = os.path.join(folder, "colour." + kind)
            result, _, text = gv.copy(source, target, "replace", *more)
            check(result.startswith("DONE"), size, matrix, kind, text)
            tags = gv.probe(target, "stream=color_space,color_range")["streams"][0]
            want = {"mp4": (matrix, "tv"), "webm": (matrix, "tv")}.get(kind)
            check(want is None or (tags.get("color_space"), tags.get("color_range")) == want, kind, "tags", tags)
            now = decoded(target, width, height)
            for third in range(3):  # the middle of each band
                y = height * (2 * third + 1) // 6
                off = np.abs(was[y, width // 4] - now[y, width // 4]).max()
                check(off <= 4, size, matrix, kind, was[y, width // 4], now[y, width // 4])


def wide_gamut(folder):
    """Primaries and transfer are the source's, so that a player that knows them shows the same."""
    source, tags = os.path.join(folder, "hlg.mkv"), ("bt2020nc", "bt2020", "arib-std-b67")
    gv.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x64:r=5:d=0.4", "-c:v", "libx264", "-pix_fmt", "yuv420p",
              "-colorspace", tags[0], "-color_primaries", tags[1], "-color_trc", tags[2], source)
    for kind in ("mp4", "mov", "mkv", "webm"):
        target = os.path.join(folder, "hlg." + kind) if kind != "mkv" else os.path.join(folder, "hlg2.mkv")
        gv.copy(source, target)
        got = gv.probe(target, "stream=color_space,color_primaries,color_transfer")["streams"][0]
        check(tuple(got.get(n) for n in ("color_space", "color_primaries", "color_transfer")) == tags, kind, got)


def odd_sides(folder):
    source = os.path.join(folder, "odd.mkv")
    gv.ffmpeg("-f", "lavfi", "-i", "testsrc=s=97x63:r=5:d=1", "-c:v", "ffv1", "-pix_fmt", "bgr0", source)
    for name, size, note in (("odd.mp4", (98, 64), True), ("odd2.mkv", (97, 63), False)):
        target = os.path.join(folder, name)
        result, notes, text = gv.copy(source, target, *([] if note else ["codec=ffv1"]))
        check(result.startswith("DONE") and codec_of(target)[1:3] == size, name, codec_of(target), text)
        check((972 in notes) == note, name, notes)
    was, now = decoded(source, 97, 63), decoded(os.path.join(folder, "odd2.mkv"), 97, 63)
    check((was == now).all(), "FFV1 lost something")
    now = decoded(os.path.join(folder, "odd.mp4"), 98, 64)[:63, :97]
    check(np.abs(was - now).mean() < 12, "shifted", np.abs(was - now).mean())


def main():
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "source.mp4")
        gv.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p", source)
        options(source, folder)
        joined(folder)
        refusals(source, folder)
        missing_encoders(source, folder)
        full_disk(source, folder)
        stopped(folder)
        colours(folder)
        wide_gamut(folder)
        odd_sides(folder)
    print(f"{len(failures)} failures")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
