# video_faults_test.py -- damaged, hostile and impossible video: what is refused, and how; what is counted.
import os
import random
import shutil
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gd_video  # noqa: E402
from gd_video import DUMP, X264, check, dump, ffmpeg, main, pattern, rising, tone  # noqa: E402


def refused(path, code, *words, options=()):
    """Refused quickly, with the code and the words; nothing is decoded."""
    t = time.monotonic()
    d = dump(path, *options)
    took = time.monotonic() - t
    text = d.error["text"] if d.error else ""
    check(d.code() == code and not d.frames, f"{path}: {d.error}, expected {code}")
    check(all(w in text for w in words), f"{path}: '{text}' lacks {words}")
    check(took < 5, f"{path}: took {took:.1f} s")


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


def sources():
    ffmpeg(*pattern(4), *tone(4), *X264, "-g", "25", "-c:a", "aac", "-movflags", "+faststart", "whole.mp4")
    ffmpeg(*pattern(4), *X264, "end.mp4")
    for name in ("whole.mkv", "whole.avi", "whole.ts"):
        more = ["-bsf:v", "h264_mp4toannexb"] if name.endswith("avi") else []
        ffmpeg("-i", "whole.mp4", "-map", "0:v", "-c", "copy", *more, name)


def no_videos():
    """V1, V8: other bytes under a video's name; files without a moving picture."""
    for name, data in (("empty.mp4", b""), ("text.mp4", b"hello\n" * 1000), ("zero.avi", bytes(100000)),
                       ("random.mkv", random.Random(1).randbytes(100000)), ("short.mp4", b"\0\0\0\x18ftypmp42"),
                       ("png.mp4", b"\x89PNG\r\n\x1a\n" + bytes(99))):
        write(name, data)
        d = dump(name)
        check(d.code() in (373, 375, 378) and not d.frames, f"{name}: {d.error}")
    refused("text.mp4", 373, "no video")
    refused("missing.mp4", 350, "missing.mp4")
    check(dump(".").code() > 0, "a folder")
    ffmpeg(*tone(1), "-c:a", "aac", "sound.mp4")
    refused("sound.mp4", 374, "no video", "1 audio")
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64:d=1", "-frames:v", "1", "cover.png")
    ffmpeg("-i", "sound.mp4", "-i", "cover.png", "-map", "0", "-map", "1", "-c", "copy", "-disposition:v",
           "attached_pic", "cover.mp4")
    refused("cover.mp4", 374, "1 cover")


def playlists():
    """V5: what would open other files is refused under any name."""
    here = os.path.abspath("whole.ts")
    texts = {"hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:4,\n{here}\n#EXT-X-ENDLIST\n",
             "concat": f"ffconcat version 1.0\nfile {here}\n",
             "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
                    "a=rtpmap:96 H264/90000\n",
             "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period/></MPD>',
             "text": f"concat:{here}|{here}\n"}
    for kind, text in texts.items():
        for name in (f"{kind}.mp4", f"{kind}.m3u8", f"{kind}.ffconcat"):
            write(name, text.encode())
            d = dump(name)
            check(d.code() in (373, 375) and not d.frames, f"{name}: {d.error} {len(d.frames)} frames")
    refused("concat.mp4", 375, "concat")
    refused("hls.mp4", 375, "hls")
    # V6: a name is a file's, whatever it looks like; other schemes do not exist.
    for name in (f"concat:{here}", f"file:{here}", f"subfile,,start,0,end,0,,:{here}", f"crypto:{here}",
                 f"async:{here}", "ftp://127.0.0.1/a.mp4", "data:video/mp2t;base64,RzAA", "pipe:0",
                 "udp://127.0.0.1:1"):
        d = dump(name)
        check(d.code() == 350 and not d.frames, f"{name}: {d.error}")
    # An MP4 whose data lie in another file.
    data = open("whole.mp4", "rb").read()
    at = data.index(b"url \0\0\0\x01")
    write("dref.mp4", data[:at] + b"url \0\0\0\0" + data[at + 8:])
    check(dump("dref.mp4").rc in (0, 3), "dref")


def cut_off():
    """V2, V3: files that end early; what is there is decoded, and the numbers are told."""
    size = os.path.getsize("whole.mp4")
    data = open("whole.mp4", "rb").read()
    write("half.mp4", data[:size * 45 // 100])
    d = dump("half.mp4")
    n = len(d.frames)
    check(d.rc == 0 and 10 < n < 90 and rising(d.pts()), f"half.mp4: {n} frames {d.error}")
    check(d.counts["promised"] == 100 and d.counts["decoded"] == n and d.counts["truncated"] and d.counts["damaged"],
          f"half.mp4: {d.counts}")
    whole = dump("whole.mp4")
    check(whole.crcs()[:n - 1] == d.crcs()[:n - 1] and not whole.counts["damaged"], "half.mp4: pixels")
    # --end before the damage: nothing is missing.
    check(not dump("half.mp4", "--end", 300000).counts["damaged"], "half.mp4 --end")
    write("nomoov.mp4", open("end.mp4", "rb").read()[:-3000])
    refused("nomoov.mp4", 378, "nomoov.mp4")
    for name in ("whole.mkv", "whole.avi"):
        data = open(name, "rb").read()
        write("cut" + name, data[:len(data) // 2])
        d = dump("cut" + name)
        check(d.rc == 0 and 10 < len(d.frames) < 90 and d.counts["truncated"],
              f"cut {name}: {len(d.frames)} {d.counts}")
        check(not dump(name).counts["damaged"], f"{name} is whole")
    # Every length of the first kilobytes, and lengths all over: an answer, never a crash.
    rng = random.Random(2)
    data = open("whole.mp4", "rb").read()
    for n in [*range(0, 64, 7), *(rng.randrange(len(data)) for _ in range(12))]:
        check(dump(write("any.mp4", data[:n]), "--no-hash").rc in (0, 3), f"cut at {n}")


def corrupted():
    """V4: damage inside is skipped, counted, and the rest comes."""
    rng = random.Random(3)
    for name in ("whole.mp4", "whole.mkv", "whole.ts", "whole.avi"):
        data = bytearray(open(name, "rb").read())
        for _ in range(12):
            at = rng.randrange(len(data) // 4, len(data) * 3 // 4)
            data[at:at + 24] = rng.randbytes(24)
        write("bad" + name, data)
        d = dump("bad" + name, "--threads", 1)
        check(d.rc == 0 and len(d.frames) > 30 and rising(d.pts()), f"bad {name}: {len(d.frames)} {d.error}")
        check(d.counts["corrupt"] + d.counts["bad"] > 0 and d.counts["damaged"], f"bad {name}: {d.counts}")
        check(d.counts["corrupt"] == sum(f["corrupt"] for f in d.frames), f"bad {name}: corrupt frames")
        # Frames before the damage are whole.
        check(d.crcs()[:10] == dump("whole.mp4").crcs()[:10], f"bad {name}: first frames")


def limits():
    """V8, V9, V11: sizes, streams, codecs."""
    refused("whole.mp4", 376, "320 x 180", options=("--max-pixels", 320 * 180 - 1))
    check(dump("whole.mp4", "--max-pixels", 320 * 180).rc == 0, "at the limit")
    # A header that claims 16k x 16k on a file of a few kB.
    ffmpeg(*pattern(1, "64x64", 2), "-c:v", "rawvideo", "-pix_fmt", "bgr24", "small.avi")
    data = open("small.avi", "rb").read()
    at = data.index(b"strf") + 8
    check([abs(v) for v in struct.unpack_from("<ii", data, at + 4)] == [64, 64], "strf")
    for w, h in ((16384, 16384), (16383, 16383), (65535, 1), (2**31 - 1, 2**31 - 1), (0, 0)):
        write("large.avi", data[:at + 4] + struct.pack("<ii", w, h) + data[at + 12:])
        d = dump("large.avi")
        check(not d.frames and (d.code() in (376, 378) or d.counts), f"{w} x {h}: {d.error} {d.counts}")
    write("large.avi", data[:at + 4] + struct.pack("<ii", 16384, 16384) + data[at + 12:])
    refused("large.avi", 376, "16384")
    ffmpeg("-i", "whole.mp4", *["-map", "0:v"] * 70, "-c", "copy", "-t", "0.2", "many.mkv")
    refused("many.mkv", 376, "64 streams")
    ffmpeg("-i", "whole.mp4", *["-map", "0:v"] * 70, "-c", "copy", "-t", "0.2", "many.mp4")
    refused("many.mp4", 376, "64 streams")
    for codec, pixels in (("magicyuv", "gbrp"), ("snow", "yuv420p"), ("huffyuv", "yuv422p")):
        ffmpeg(*pattern(1, "64x64", 2), "-c:v", codec, "-strict", "-2", "-pix_fmt", pixels, f"{codec}.mkv")
        refused(f"{codec}.mkv", 377, codec)
    for form in ("gif", "flv", "ogv", "swf", "nut"):
        ffmpeg(*pattern(1, "64x64", 2), f"form.{form}")
        shutil.copy(f"form.{form}", f"form_{form}.mp4")
        d = dump(f"form_{form}.mp4")
        check(d.code() == 375 and not d.frames, f"{form}: {d.error}")


def no_gpu():
    """V12: without a usable GPU decoder the CPU decodes the same frames, and says so once."""
    hidden = dict(os.environ, CUDA_VISIBLE_DEVICES="")
    whole = dump("whole.mp4", "--no-hash")
    for name, frames in (("whole.mp4", 100), ("small.avi", 2)):
        d = dump(name, "--gpu", env=hidden)
        check(len(d.frames) == frames and d.rc == 0, f"no GPU: {name}: {len(d.frames)} {d.error}")
        check([n["code"] for n in d.notes] == [391] and "CPU" in d.notes[0]["text"], f"no GPU: {d.notes}")
        check("cuda" not in d.info["decoder"], f"no GPU: {d.info}")
    check(not whole.notes, f"the CPU's own decoder is nothing to tell: {whole.notes}")


def kinds():
    """What is a video: by content, by what is typed, last by name."""
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64:d=1", "-frames:v", "1", "still.png")
    shutil.copy("still.png", "still.mp4")
    shutil.copy("whole.mp4", "movie.png")
    shutil.copy("whole.mkv", "noname")
    write("7", b"P6\n1 1\n255\nabc")
    for name, want in (("whole.mp4", 1), ("whole.mkv", 1), ("whole.avi", 1), ("whole.ts", 1), ("movie.png", 1),
                       ("noname", 1), ("still.png", 0), ("still.mp4", 0), ("text.mp4", 1), ("7", 0), ("0", 1),
                       ("rtsp://x/y", 1), ("http://x/y.jpg", 1), ("raw:2x2:rgb24:-", 1), ("/dev/video3", 1),
                       ("gone.mp4", 1), ("gone.png", 0), ("-", 0), ("12345", 0)):
        out = subprocess.run([DUMP, "--is-video", name], capture_output=True, text=True, check=False).stdout
        check(out == f"{want}\n", f"is {name} a video: {out}")


def raw_pipe():
    """Raw frames need no plugin; a part of a frame at the end is told."""
    alone = os.path.abspath("alone")
    os.makedirs(alone)
    program = shutil.copy(DUMP, alone)
    frames = [random.Random(i).randbytes(5 * 3 * 3) for i in range(4)]
    d = dump("raw:5x3:rgb24:-", data=b"".join(frames), program=program)
    check([f["pts"] for f in d.frames] == [0, 1, 2, 3] and d.info["base"] == "1/25" and d.rc == 0, f"raw: {d.info}")
    check([f["pixel"] for f in d.frames] == [f[:3].hex() for f in frames], "raw: pixels")
    check(not d.counts["damaged"] and d.counts["promised"] == -1, f"raw: {d.counts}")
    d = dump("raw:5x3:rgb24@30000/1001:-", data=b"".join(frames)[:-1], program=program)
    check(len(d.frames) == 3 and d.counts["truncated"] and d.info["base"] == "1001/30000", f"raw cut: {d.counts}")
    d = dump("raw:5x3:rgb24:-", "--start", 40000, "--end", 120000, data=b"".join(frames), program=program)
    check([f["pts"] for f in d.frames] == [1, 2] and d.counts["skipped"] == 1, f"raw part: {d.counts}")
    check(not dump("raw:5x3:rgb24:-", data=b"", program=program).frames, "raw: nothing")
    for bad in ("raw:", "raw:5x3", "raw:0x3:rgb24:-", "raw:5x3:rgb24:x", "raw:5x3:bgr24:-", "raw:5x3:rgb24@0:-",
                "raw:-5x3:rgb24:-", "raw:5x3:rgb24@25/0:-", "raw:99999999999999999999x3:rgb24:-",
                "raw:16384x1:rgb24:-"):
        check(dump(bad, data=b"", program=program).code() == 372, bad)
    check(dump("raw:16383x16383:rgb24:-", data=b"", program=program).code() == 376, "raw: pixels")
    # The same program without the plugin beside it, and with one that is not ours.
    d = dump("whole.mp4", program=program)
    check(d.code() == 370 and "libgdrun_av.so" in d.error["text"], f"no plugin: {d.error}")
    write("alone/libgdrun_av.so", b"not a library")
    check(dump("whole.mp4", program=program).code() == 370, "a plugin that is none")
    # One symbol link away it is found: beside what the link leads to.
    os.symlink(DUMP, "link")
    check(len(dump("whole.mp4", "--end", 100000, program=os.path.abspath("link")).frames) == 3, "link")


def memory():
    """Memory does not grow with the frames."""
    ffmpeg(*pattern(100, "64x48", 200), "-c:v", "mpeg4", "-q:v", "20", "many.mp4")
    d = dump("many.mp4", "--no-hash", "--memory", 2000, "--packets", "--threads", 1)
    check(len(d.frames) == 20000 and len(d.memory) == 2, f"memory: {len(d.frames)} frames")
    grown = d.memory[1] - d.memory[0]
    print(f"20,000 frames: {d.memory[0]} KiB after 2,000, {grown:+d} KiB at the end")
    if not os.environ.get("GD_SANITIZE"):
        check(grown < 1024, f"memory: grew by {grown} KiB")


main(sources, no_videos, playlists, cut_off, corrupted, limits, no_gpu, kinds, raw_pipe, memory)
