# video_live_test.py -- cameras and streams: the newest frame, drops, reconnects, being unplugged, giving up.
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "media"))
from rtsp_stub import RtspStub  # noqa: E402

sys.path.insert(0, HERE)
from gd_video import CLEAN, GDRUN, SMALL, camera, check, count, detect, ffmpeg, frames_of, lines, main  # noqa: E402


def sources():
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=50:d=2", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0",
           "-g", "10", "-pix_fmt", "yuv420p", "a.mp4")


def states(text):
    return [r for r in lines(text) if r.get("type") == "state"]


def unplugged():
    rc, out, err = camera("30:unplug", *SMALL, "--live", "all", "-o", "cam.mkv")
    rows = frames_of(out)
    check(rc == 1 and len(rows) == 30 and "W395" in err, f"unplugged: {rc} {len(rows)} {err}")
    check(all(0 <= r["age_ms"] < 5000 for r in rows), f"age_ms: {rows[0]}")
    check(states(out)[-1]["state"] == "lost", states(out))
    check(count("cam.mkv") == 30, f"cam.mkv: {count('cam.mkv')}")
    check(0 <= rows[0]["pts"] < 1, f"a camera begins at {rows[0]['pts']} s")
    rc, out, err = camera("30:unplug")
    got, end = len(frames_of(out)), states(out)[-1]
    check(rc == 1 and got + end["dropped"] == 30, f"latest: {rc} {got} {end}")
    rc, out, err = camera("1:stall", device="/dev/video98")
    check(rc == 3 and "/dev/video98" in err, f"busy: {rc} {err}")


def times():
    """--start and --end are for files; a live source refuses them before anything is written."""
    for flags in (("--start", "2"), ("--end", "3")):
        rc, out, err = camera("30:unplug", *SMALL, *flags, "-o", "times.mkv")
        check(rc == 2 and "E209" in err and not frames_of(out) and not os.path.exists("times.mkv"),
              f"{flags}: {rc} {err}")


def lost():
    """Reconnects are lines of their own; a stream that stays away is exit code 9."""
    stub = RtspStub("a.mp4", [dict(frames=50, then="close"), dict(frames=40, then="close"),
                              dict(frames=0, then="refuse")])
    rc, out, err = detect(stub.url, "--live", "all", "--timeout", "3s", "--max-retries", "2", "--jsonl", "-",
                          "-o", "stream.mkv")
    stub.close()
    rows = frames_of(out)
    check(rc == 9 and 85 <= len(rows) <= 90 and "E960" in err, f"lost: {rc} {len(rows)} {err}")
    names = [s["state"] for s in states(out)]
    check("reconnecting" in names and "reconnected" in names and names[-1] == "lost", f"states: {names}")
    check([r["pts"] for r in rows] == sorted(r["pts"] for r in rows), "pts")
    check(count("stream.mkv") == len(rows), f"stream.mkv: {count('stream.mkv')}")
    stub = RtspStub("a.mp4", [dict(frames=0, then="refuse")])
    rc, out, err = detect(stub.url, "--timeout", "1s", "--jsonl", "-")
    stub.close()
    check(rc == 3 and "E379" in err, f"never there: {rc} {err}")


def stopped():
    """SIGINT while a stream is silent ends at once, with what there is."""
    stub = RtspStub("a.mp4", [dict(frames=40, then="stall")])
    p = subprocess.Popen([GDRUN, "detect", "-m", "nano.gdw", *SMALL, stub.url, "--jsonl", "s.jsonl", "-o", "s.mp4"],
                         stderr=subprocess.PIPE, env=CLEAN)
    time.sleep(4)
    start = time.time()
    p.send_signal(signal.SIGINT)
    err = p.communicate(timeout=20)[1].decode()
    stub.close()
    check(p.returncode == 130 and time.time() - start < 3, f"SIGINT: {p.returncode} {time.time() - start:.1f} s {err}")
    check(count("s.mp4") == len(frames_of(open("s.jsonl").read())) > 0, f"s.mp4: {count('s.mp4')} {err}")


main(sources, unplugged, times, lost, stopped)
