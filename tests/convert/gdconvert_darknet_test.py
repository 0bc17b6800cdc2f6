# gdconvert_darknet_test.py -- a .cfg and its .weights on the command line: names, refusals, codes.
import os
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(os.path.join(os.environ.get("GD_BUILD", "build/ci"), "gdconvert"))
if not os.path.exists(PROGRAM):
    print("skipped: gdconvert was not built")
    sys.exit(77)
CFG = ("[net]\nwidth=64\nheight=64\n[convolutional]\nfilters=8\nsize=3\nstride=2\npad=1\n"
       "activation=leaky\n[yolo]\nmask=0\nanchors=9,9\nclasses=3\n")
FLOATS = 8 + 8 * 3 * 9


class Darknet(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gdrun-darknet-")
        self.addCleanup(self.folder.cleanup)
        self.write("net.cfg", CFG.encode())
        self.write("net.weights", self.weights())

    def weights(self, floats=FLOATS):
        return struct.pack("<iiiQ", 0, 2, 5, 1) + struct.pack("<f", 0.25) * floats

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)

    def convert(self, *args):
        done = subprocess.run([PROGRAM, *args], capture_output=True, timeout=60)
        return done.returncode, done.stderr.decode("utf-8", "replace")

    def refused(self, code, said, *args):
        got, text = self.convert(*args, "-o", self.path("x.gdw"))
        self.assertEqual(got, code, text)
        self.assertIn(said, text)
        self.assertFalse(os.path.exists(self.path("x.gdw")))

    def test_names(self):
        """Either file, and weights of another name and folder: the sandbox lets both be read."""
        os.mkdir(self.path("sub"))
        os.rename(self.path("net.weights"), self.path("sub/best.bin"))
        self.refused(4, "--weights FILE", self.path("net.cfg"))
        for args in ((self.path("net.cfg"), "--weights", self.path("sub/best.bin")),
                     (self.path("net.cfg"),), (self.path("net.weights"),)):
            if len(args) == 1:
                self.write("net.weights", self.weights())
            code, text = self.convert(*args, "-o", self.path("out.gdw"), "-y")
            self.assertEqual(code, 0, text)
            self.assertIn("darknet, 2 weights, 3 classes", text)
            self.assertIn("have no names", text)

    def test_classes(self):
        self.write("names", b"a\nb\nc\n")
        code, text = self.convert(self.path("net.cfg"), "--names", self.path("names"), "-o",
                                  self.path("out.gdw"))
        self.assertEqual(code, 0, text)
        self.refused(4, "E464", self.path("net.cfg"), "--num-classes", "4")

    def test_refusals(self):
        for args in ((), ("--weights", self.path("net.weights"))):
            code, text = self.convert(self.path("net.cfg"), *args, "-o", self.path("net.weights"), "-y")
            self.assertEqual(code, 2, text)
            self.assertIn("read and written", text)
        self.write("net.cfg", CFG.replace("leaky", "elu").encode())
        self.refused(4, "net.cfg: line 9: activation is 'elu'", self.path("net.weights"))
        self.write("net.cfg", CFG.encode() + b"[cost]\n")
        self.refused(4, "line 14: [cost] is not read", self.path("net.weights"))
        self.write("net.cfg", CFG.encode())
        self.write("net.weights", self.weights(FLOATS - 1))
        self.refused(4, "4 are missing", self.path("net.cfg"))
        self.write("other.pth", b"PK\3\4")
        self.refused(4, "is no Darknet .cfg", self.path("other.pth"), "--weights",
                     self.path("net.weights"))


if __name__ == "__main__":
    unittest.main()
