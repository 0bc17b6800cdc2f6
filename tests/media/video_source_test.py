# video_source_test.py -- frames, timestamps, colours and turns of video files against FFmpeg's programs.
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gd_video  # noqa: E402
from gd_video import (VTEST, X264, check, dump, ffmpeg, main, pattern, probe_crcs, probe_pts, rising,  # noqa: E402
                      tone)


def same(path, what=None, *options):
    """The source gives the frames that FFmpeg's programs see: number, timestamps, pixels."""
    what = what or path
    d = dump(path, *options)
    pts, crcs = probe_pts(path), probe_crcs(path)
    check(d.rc == 0 and d.error is None, f"{what}: {d.error}")
    check(len(pts) > 0 and d.pts() == pts, f"{what}: {len(d.frames)} frames, pts {d.pts()[:5]}; expected "
          f"{len(pts)}, {pts[:5]}")
    check(d.crcs() == crcs, f"{what}: pixels differ in "
          f"{sum(a != b for a, b in zip(d.crcs(), crcs))} of {len(crcs)} frames")
    check(d.counts and not d.counts["damaged"] and d.counts["decoded"] == len(pts) and d.counts["moved"] == 0,
          f"{what}: {d.counts}")
    check([f["index"] for f in d.frames] == list(range(len(pts))), f"{what}: index")
    return d


def containers():
    ffmpeg(*pattern(), *tone(), *X264, "-c:a", "aac", "cfr.mp4")
    for name in ("cfr.mov", "cfr.mkv", "cfr.ts"):
        ffmpeg("-i", "cfr.mp4", "-c", "copy", name)
    ffmpeg("-i", "cfr.mp4", "-c:v", "libx265", "-x265-params", "log-level=none", "hevc.mp4")
    ffmpeg("-i", "cfr.mp4", "-t", "1", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
           "-c:a", "libopus", "cfr.webm")
    ffmpeg("-i", "cfr.mp4", "-c:v", "mpeg4", "-c:a", "mp3", "cfr.avi")
    ffmpeg("-i", "cfr.mp4", "-c:v", "rawvideo", "-pix_fmt", "bgr24", "-an", "raw.avi")
    for name, container, codec in (("cfr.mp4", "mov", "h264"), ("cfr.mov", "mov", "h264"),
                                   ("cfr.mkv", "matroska", "h264"), ("cfr.ts", "mpegts", "h264"),
                                   ("hevc.mp4", "mov", "hevc"), ("cfr.webm", "matroska", "vp9"),
                                   ("cfr.avi", "avi", "mpeg4"), ("raw.avi", "avi", "rawvideo")):
        d = same(name)
        check((d.info["container"], d.info["codec"], d.info["live"]) == (container, codec, 0), f"{name}: {d.info}")
        check(d.info["rate"] == "25/1", f"{name}: rate {d.info['rate']}")
        check(d.info["audio"] == (name != "raw.avi"), f"{name}: audio {d.info['audio']}")
        check(all(f["captured"] == 0 for f in d.frames), f"{name}: files are not live")
    d = dump("cfr.mp4")
    check((d.info["width"], d.info["height"], d.info["frames"], d.counts["promised"]) == (320, 180, 50, 50),
          f"cfr.mp4: {d.info}")
    check(d.frames[0]["key"] == 1 and d.frames[1]["key"] == 0, "key frames")
    for threads in (1, 4):
        check(dump("cfr.mp4", "--threads", threads).crcs() == d.crcs(), f"{threads} threads")


def variable_rate():
    # Distances of 1, 2, 3, 4, 5 ticks of 1/600 s and a hole.
    ffmpeg(*pattern(2, rate=25), "-vf", "settb=1/600,setpts='N*10+N*N/4+if(gt(N,30),777,0)'", "-fps_mode", "vfr",
           "-enc_time_base", "1/600", *X264, "-video_track_timescale", "600", "vfr.mp4")
    d = same("vfr.mp4")
    steps = {b - a for a, b in zip(d.pts(), d.pts()[1:])}
    check(len(steps) > 10 and max(steps) > 700 and d.info["base"] == "1/600", f"vfr: {steps} {d.info}")
    ffmpeg("-i", "vfr.mp4", "-c", "copy", "vfr.mkv")
    same("vfr.mkv")
    # NTSC: a rate that no float holds.
    ffmpeg(*pattern(1, rate="30000/1001"), *X264, "ntsc.mp4")
    d = same("ntsc.mp4")
    check(d.info["rate"] == "30000/1001", f"ntsc: {d.info['rate']}")
    # One frame in an hour, and a million a second: 64-bit time arithmetic.
    for name, base, step in (("hours.mkv", "1/1000", 3600000 * 8), ("fast.mp4", "1/1000000", 1)):
        ffmpeg(*pattern(1, rate=10), "-vf", f"settb={base},setpts=N*{step}", "-fps_mode", "vfr", "-enc_time_base",
               base, *X264, "-bf", "0", "-video_track_timescale", "1000000", name)
        same(name)


def colours():
    """A known colour comes out as itself, whatever matrix and range it is coded in."""
    for name, size, space, rng, tagged in (
            ("sd", "320x180", "bt601", "tv", False), ("hd", "1280x720", "bt709", "tv", False),
            ("601", "1280x720", "bt601", "tv", True), ("709", "320x180", "bt709", "tv", True),
            ("2020", "320x180", "bt2020", "tv", True), ("full", "320x180", "bt709", "pc", True)):
        tag = {"bt601": "smpte170m", "bt709": "bt709", "bt2020": "bt2020nc"}[space]
        tags = ["-colorspace", tag, "-color_range", rng] if tagged else ["-bsf:v", "h264_metadata=colour_primaries=2"
                                                                        ":matrix_coefficients=2"]
        ffmpeg("-f", "lavfi", "-i", f"color=c=0xE02040:s={size}:r=5:d=1,format=gbrp", "-vf",
               f"scale=out_color_matrix={space}:out_range={rng}:flags=accurate_rnd,format=yuv444p", "-c:v", "libx264",
               "-qp", "0", *tags, f"{name}.mp4")
        d = dump(f"{name}.mp4")
        want = {"bt601": 0, "bt709": 1, "bt2020": 2}[space]
        check(d.info["color"] == want and d.info["full"] == (rng == "pc"), f"{name}: {d.info}")
        pixel = [int(d.frames[0]["pixel"][i:i + 2], 16) for i in (0, 2, 4)]
        check(all(abs(a - b) <= 2 for a, b in zip(pixel, (0xE0, 0x20, 0x40))), f"{name}: {pixel}")
    # Sampling, depth, grey, JPEG range, odd sizes: as FFmpeg converts them.
    for pixels, codec, name in (("yuv444p", "libx264", "444.mkv"), ("yuv422p", "libx264", "422.mkv"),
                                ("yuv420p10le", "libx264", "10.mkv"), ("gray", "ffv1", "gray.mkv"),
                                ("yuvj420p", "mjpeg", "jpeg.avi"), ("yuvj422p", "mjpeg", "jpeg422.avi")):
        ffmpeg(*pattern(1, "322x182", 5), "-pix_fmt", pixels, "-c:v", codec, name)
        same(name)
    for size in ("321x183", "17x33", "770x98", "64x2", "1278x40", "2x64", "720x36"):
        ffmpeg(*pattern(1, size, 5), "-c:v", "ffv1", "-pix_fmt", "yuv420p", "odd.mkv")
        d = dump("odd.mkv")
        got, want = d.crcs(), probe_crcs("odd.mkv")
        check(got == want, f"{size}: pixels differ in {sum(a != b for a, b in zip(got, want))} of {len(want)}")


def rotation():
    ffmpeg(*pattern(1, "96x64", 5), *X264, "up.mp4")
    up = probe_crcs("up.mp4")
    filters = {90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}
    for degrees, orientation in ((90, 6), (180, 3), (270, 8)):
        name = f"turn{degrees}.mp4"
        ffmpeg("-i", "up.mp4", "-c", "copy", "-metadata:s:v", f"rotate={360 - degrees}", name)
        d = dump(name)
        check(d.info["orientation"] == orientation, f"{name}: {d.info}")
        want = (64, 96) if degrees != 180 else (96, 64)
        check((d.info["width"], d.info["height"]) == want == (d.frames[0]["width"], d.frames[0]["height"]),
              f"{name}: {d.info} {d.frames[0]}")
        turned = probe_crcs("up.mp4", "-vf", "scale=flags=bilinear,format=rgb24," + filters[degrees])
        check(d.crcs() == turned, f"{name}: pixels")
        d = dump(name, "--no-rotate")
        check(d.crcs() == up and d.info["width"] == 96, f"{name}: --no-rotate")


def size_changes():
    """Another size and rate in the middle: frames tell their own size, time goes on."""
    for name, size, rate in (("a.ts", "320x180", 25), ("b.ts", "160x120", 10)):
        ffmpeg(*pattern(1, size, rate), *X264, "-bf", "0", name)
    with open("both.ts", "wb") as f:
        f.write(open("a.ts", "rb").read() + open("b.ts", "rb").read())
    d = dump("both.ts", "--threads", 1)
    sizes = [(f["width"], f["height"]) for f in d.frames]
    check(sizes.count((320, 180)) == 25 and sizes.count((160, 120)) == 10, f"sizes: {sizes}")
    check(rising(d.pts()), f"timestamps after a new beginning: {d.pts()}")
    last = d.pts()[-1] - d.pts()[24]
    check(abs(last - 90000) <= 9000, f"distances after a new beginning: {last}")


def odd_timestamps():
    ffmpeg(*pattern(2), *X264, "-bf", "0", "base.mkv")
    for name, expr, moved in (("twice", "if(eq(N,20),PTS+40,PTS)", 1), ("back", "if(between(N,20,22),PTS+120,PTS)", 2)):
        ffmpeg("-i", "base.mkv", "-c", "copy", "-bsf:v", f"setts=pts='{expr}':dts=DTS", f"{name}.mkv")
        d = dump(f"{name}.mkv")
        check(not rising(probe_pts(f"{name}.mkv")), f"{name}: the source rises")
        check(len(d.frames) == 50 and rising(d.pts()), f"{name}: {d.pts()}")
        check(d.counts["moved"] >= moved and not d.counts["damaged"], f"{name}: {d.counts}")
        check(d.pts()[30:] == [40 * i for i in range(30, 50)], f"{name}: the rest is kept: {d.pts()[28:]}")
    # Negative ones are the source's own.
    ffmpeg("-i", "base.mkv", "-c", "copy", "-avoid_negative_ts", "disabled", "-output_ts_offset", "-1", "neg.mp4")
    d = dump("neg.mp4")
    check(d.pts() == probe_pts("neg.mp4") and rising(d.pts()), f"negative: {d.pts()[:3]}")
    # A raw stream's frames without any: AVI has none for H.264.
    ffmpeg("-i", "base.mkv", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "base.avi")
    d = dump("base.avi")
    check(len({b - a for a, b in zip(d.pts(), d.pts()[1:])}) == 1 and len(d.frames) == 50 and
          d.counts["moved"] == 0, f"AVI: {d.pts()[:5]} {d.counts}")


def parts():
    """--start and --end: exact frames, from the source's first timestamp on."""
    ffmpeg(*pattern(4), *X264, "-g", "30", "long.mp4")
    whole = dump("long.mp4")
    for start, end in ((0, 1), (1.5, 0), (1.24, 2.04), (3.96, 9), (0.001, 0.04), (2, 2), (50, 0)):
        d = dump("long.mp4", "--start", int(start * 1e6), "--end", int(end * 1e6))
        want = [f for f in whole.frames if f["pts"] >= round(start * 12800) and
                (end == 0 or f["pts"] < round(end * 12800))]
        check([(f["pts"], f["crc"]) for f in d.frames] == [(f["pts"], f["crc"]) for f in want] and
              not d.counts["damaged"], f"{start}..{end}: {len(d.frames)} of {len(want)} {d.counts} {d.error}")
        check([f["index"] for f in d.frames] == list(range(len(want))), f"{start}..{end}: index")
    d = dump("long.mp4", "--stop-after", 3)
    check(d.rc == 0 and len(d.frames) == 3, f"stop: {len(d.frames)}")


def real_videos():
    data = gd_video.DATA
    for path, n in ((f"{data}/videos/car-detection.mp4", 377),
                    (f"{data}/videos/one-by-one-person-detection.mp4", 1394), (VTEST, 795)):
        if not os.path.exists(path):
            print("skipped:", path)
            continue
        d = same(path, os.path.basename(path))
        check(len(d.frames) == n == d.counts["promised"], f"{path}: {len(d.frames)}")


main(containers, variable_rate, colours, rotation, size_changes, odd_timestamps, parts, real_videos)
