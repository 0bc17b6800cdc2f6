# track_metrics_test.py -- ByteTrack equal to PyPI's, where tools/check has installed the judges.
import os
import subprocess
import sys

ROOT = os.environ.get("GD_ROOT", ".")
PYTHON = os.path.join(ROOT, "build/venv/bin/python")
JUDGES = ("motmetrics", "trackeval", "supervision")

if not os.path.exists(PYTHON) or subprocess.run([PYTHON, "-c", "import " + ",".join(JUDGES)],
                                                stderr=subprocess.DEVNULL, check=False).returncode:
    print("skipped: no " + ", ".join(JUDGES) + " in build/venv")
    sys.exit(77)
done = subprocess.run([PYTHON, os.path.join(ROOT, "bench/track_metrics.py"), os.environ.get("GD_BUILD", "build/ci")],
                      stdout=subprocess.PIPE, text=True, check=False)
print(done.stdout)
if done.returncode:
    sys.exit(1)
# MOTA of what the trackers make of a crowd is what it was seen to be, or better.
for line in done.stdout.split("\n"):
    word = line.split()
    if word and word[0] == "crowd" and word[1] in ("iou", "sort", "bytetrack"):
        assert float(word[2]) > 0.75 and float(word[3]) > 0.8 and float(word[5]) > 0.75, line
