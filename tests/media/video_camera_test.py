# video_camera_test.py -- webcams, through a preloaded stand-in for V4L2: frames, silence, unplugging, refusals.
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import check, dump, main, rising  # noqa: E402

STUB_SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "v4l2_stub.c")


def camera(plan, *args, device="/dev/video91"):
    return dump(device, *args, env=dict(os.environ, LD_PRELOAD=os.path.abspath("stub.so"), GD_CAMERA=plan,
                                        ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0"))


def build():
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", "stub.so", STUB_SOURCE, "-ldl"], check=True)


def frames():
    d = camera("30:unplug")
    check(len(d.frames) == 30 and d.rc == 0, f"camera: {len(d.frames)} {d.error}")
    check(d.info["live"] == 1 and d.info["codec"] == "rawvideo" and d.info["width"] == 64, f"camera: {d.info}")
    check(d.counts["lost"] and d.counts["damaged"] and [n["code"] for n in d.notes] == [395], f"{d.counts} {d.notes}")
    check(rising(d.pts()) and rising([f["captured"] for f in d.frames]), "camera: times")
    length = (d.pts()[-1] - d.pts()[0]) / 1e6
    check(d.pts()[0] == 0, f"camera: begins at {d.pts()[0]} us, not at zero")
    check(0.5 < length < 0.9 and d.info["base"] == "1/1000000", f"camera: {length} s of 30 frames at 50 a second")
    d = camera("30:unplug", device="91")
    check(len(d.frames) == 30, "camera by number")
    d = camera("30:unplug", "--end", 300000)
    check(14 <= len(d.frames) <= 16 and not d.counts["lost"], f"camera until 0.3 s: {len(d.frames)}")


def silence():
    d = camera("10:resume", "--timeout", 3000)
    check(len(d.frames) == 20, f"resume: {len(d.frames)}")
    check(max(b - a for a, b in zip(d.pts(), d.pts()[1:])) > 900000, "resume: the second is in the timestamps")
    d = camera("10:stall", "--timeout", 500)
    check(len(d.frames) == 10 and d.counts["lost"] and "nothing came" in d.notes[-1]["text"], f"stall: {d.notes}")
    d = camera("10:stall", "--stop-after", 10)
    check(len(d.frames) == 10 and not d.counts["lost"], f"stop: {d.counts}")


def refusals():
    for device in ("/dev/video98", "/dev/video99", "/dev/video77", "77"):
        d = camera("1:stall", device=device)
        check(d.code() == 380 and device in d.error["text"] and not d.frames, f"{device}: {d.error}")


main(build, frames, silence, refusals)
