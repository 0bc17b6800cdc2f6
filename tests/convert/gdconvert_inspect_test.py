# gdconvert_inspect_test.py -- gdconvert --inspect --json against every listing of data/pth-cases.
import glob
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.join(os.environ.get("GD_BUILD", "build/ci"), "gdconvert")
CASES = os.path.join(os.environ.get("GD_DATA", "../shared/data"), "pth-cases")
if not os.path.isdir(CASES):
    print("skipped: no folder " + CASES)
    sys.exit(77)


def run(*args):
    done = subprocess.run([PROGRAM, *args], capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


class Inspect(unittest.TestCase):
    def equal(self, want, got, where):
        """All that is wanted is there; sums may differ by the order of addition."""
        if isinstance(want, dict):
            for key in want:
                if key != "note":
                    self.assertIn(key, got, where)
                    self.equal(want[key], got[key], where + "." + key)
        elif isinstance(want, list):
            self.assertEqual(len(want), len(got), where)
            for i, (a, b) in enumerate(zip(want, got)):
                self.equal(a, b, "%s[%d]" % (where, i))
        elif isinstance(want, float) and where.rsplit(".")[-1] in ("sum", "sumsq", "wsum"):
            self.assertTrue(math.isclose(want, got, rel_tol=1e-12, abs_tol=1e-12),
                            "%s: %r, wanted %r" % (where, got, want))
        else:
            self.assertEqual(want, got, where)

    def test_all(self):
        count = 0
        for listing in sorted(glob.glob(CASES + "/*.json")):
            source = listing[:-5] + ".pth"
            if not os.path.exists(source):
                continue
            with open(listing) as f:
                want = json.load(f)
            code, stdout, stderr = run("--inspect", source, "--json")
            self.assertEqual(code, 0, source + ": " + stderr)
            self.equal(want, json.loads(stdout), os.path.basename(source))
            code, stdout, stderr = run("--inspect", source)
            self.assertEqual(code, 0)
            for tensor in want["tensors"]:
                self.assertIn(tensor["name"].encode(), stdout)
            count += 1
        print("%d listings are equal" % count)
        self.assertGreaterEqual(count, 36)

    def test_bad(self):
        for name in ("bad_empty.pth", "bad_trunc.zip.pth", "bad_trunc.legacy.pth", "absent"):
            code, stdout, stderr = run("--inspect", os.path.join(CASES, name), "--json")
            self.assertEqual((code, stdout), (4, b""), stderr)
            self.assertIn("error[E4", stderr)

    def test_call(self):
        """A pickle that wants to call print: it is data."""
        code, stdout, stderr = run("--inspect", os.path.join(CASES, "bad_reduce_call.zip.pth"))
        self.assertIn(code, (0, 4))
        self.assertRegex(stderr, r"builtin.*\.print")

    def test_stdout(self):
        """A reader that goes away, a full device: exit 9."""
        source = os.path.join(CASES, "many.zip.pth")
        for target in ("/dev/full", "| true"):
            text = "%s --inspect %s --json %s" % (
                PROGRAM, source, target if target[0] == "|" else "> " + target)
            done = subprocess.run(["bash", "-c", text + "; exit ${PIPESTATUS[0]}"],
                                  capture_output=True)
            self.assertEqual(done.returncode, 9, text)

    def test_writes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            before = os.getcwd()
            program = os.path.abspath(PROGRAM)
            source = os.path.abspath(os.path.join(CASES, "tied.zip.pth"))
            try:
                os.chdir(folder)
                done = subprocess.run([program, "--inspect", source], capture_output=True)
            finally:
                os.chdir(before)
            self.assertEqual(done.returncode, 0)
            self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
