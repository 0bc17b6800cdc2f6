# video_containers_test.py -- annotated videos hold every frame at its time, in each container.
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import check, clip, count, detect, ffmpeg, main, packets, probe, times  # noqa: E402


def containers():
    """Frames in are frames out, in every container that is written."""
    clip("a.mp4", 30, "30000/1001")
    ffmpeg("-i", "a.mp4", "-vf", "setpts='(N+mod(N,3)*0.4)/25/TB'", "-fps_mode", "vfr", "vfr.mkv")
    for source in ("a.mp4", "vfr.mkv"):
        want = times(source)
        for ext, near in (("mp4", 2e-5), ("mov", 2e-5), ("mkv", 2e-3), ("webm", 2e-3)):
            rc, _, err = detect(source, "-o", f"o.{ext}", "-y", "--preset", "ultrafast") if ext != "webm" else \
                detect(source, "-o", f"o.{ext}", "-y")
            got = times(f"o.{ext}")
            check(rc == 0 and len(got) == len(want) and
                  all(abs(a - b) <= near for a, b in zip(got, want)), f"{source} -> {ext}: {rc} {err} {got} {want}")
    rc, _, err = detect("a.mp4", "-o", "o.avi", "-y")
    check(rc == 0 and count("o.avi") == 30, f"avi: {rc} {err}")
    rc, _, err = detect("a.mp4", "-o", "slow.mp4", "--fps", "10", "-y")
    check(rc == 0 and probe("slow.mp4", "-show_entries", "stream=avg_frame_rate")["streams"][0]["avg_frame_rate"]
          == "10/1", f"--fps: {rc} {err}")
    rc, _, err = detect("a.mp4", "-o", "quiet.mp4", "--no-audio")
    check(rc == 0 and not packets("quiet.mp4") and count("quiet.mp4") == 30, f"--no-audio: {rc} {err}")


main(containers)
