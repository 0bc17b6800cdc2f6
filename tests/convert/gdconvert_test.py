# gdconvert_test.py -- the converter from the command line: values, metadata, refusals, exit codes.
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    import torch
    import torchvision
except ImportError as e:
    print("skipped: %s" % e)
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gdw_file

PROGRAM = os.path.join(os.environ.get("GD_BUILD", "build/ci"), "gdconvert")
DATA = os.environ.get("GD_DATA", "../shared/data")
torch.manual_seed(1)


def run(*args, **more):
    env = dict(os.environ, LC_ALL="C", NO_COLOR="1")
    done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, timeout=120, env=env,
                          **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace")


def expected(t, flat=None):
    """A PyTorch weight as .gdw stores it; flat = (h, w) of the flatten before a linear."""
    a = t.detach().float().numpy()
    if a.ndim == 4:
        return a.transpose(0, 2, 3, 1)
    if flat:
        h, w = flat
        return a.reshape(len(a), -1, h, w).transpose(0, 2, 3, 1).reshape(len(a), -1)
    return a


def seeded(build, **args):
    """A model whose batch-norm statistics are not trivial."""
    model = build(**args)
    for name, b in model.named_buffers():
        if name.endswith("running_mean"):
            b.normal_(0, 0.1)
        elif name.endswith("running_var"):
            b.uniform_(0.75, 1.25)
    return model.eval()


def resnet20():
    """The state of a ResNet-20 for CIFAR-10: 1 MB, for tests that are not about the values."""
    state = {}

    def conv_bn(prefix, n, out, into):
        state["%sconv%s.weight" % (prefix, n)] = torch.randn(out, into, 3, 3)
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            state["%sbn%s.%s" % (prefix, n, leaf)] = torch.rand(out)

    conv_bn("", 1, 16, 3)
    for stage, width in ((1, 16), (2, 32), (3, 64)):
        for i in range(3):
            prefix = "layer%d.%d." % (stage, i)
            conv_bn(prefix, 1, width, width // 2 if i == 0 and stage > 1 else width)
            conv_bn(prefix, 2, width, width)
    state["linear.weight"], state["linear.bias"] = torch.randn(10, 64), torch.randn(10)
    return state


def sanitized():
    with open(PROGRAM, "rb") as f:
        return b"__asan_init" in f.read()


class Convert(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.dir = cls.tmp.name
        cls.resnet = seeded(torchvision.models.resnet18)
        cls.state = cls.resnet.state_dict()
        cls.pth = cls.path("resnet18.pth")
        torch.save(cls.state, cls.pth)
        cls.small = resnet20()
        cls.small_pth = cls.path("resnet20.pth")
        torch.save(cls.small, cls.small_pth)

    @classmethod
    def tearDownClass(cls):
        cls.tmp.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.dir, name)

    def save(self, name, value, **args):
        torch.save(value, self.path(name), **args)
        return self.path(name)

    def convert(self, source, *args):
        """Must succeed; returns metadata, tensors and stderr."""
        out = self.path("out.gdw")
        code, stdout, stderr = run(source, "-y", "-o", out, *args)
        self.assertEqual(code, 0, stderr)
        self.assertEqual(stdout, "")
        meta, tensors = gdw_file.read(out)
        os.unlink(out)
        return meta, tensors, stderr

    def refuse(self, code, words, *args):
        """Must fail with the exit code, say every one of the words and leave nothing behind."""
        before = sorted(os.listdir(self.dir))
        got, stdout, stderr = run(*args)
        self.assertEqual(got, code, stderr)
        self.assertEqual(stdout, "")
        for word in words.split("|"):
            self.assertIn(word, stderr)
        self.assertEqual(sorted(os.listdir(self.dir)), before)
        return stderr

    def check(self, tensors, state, flat={}, ignore=()):
        want = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
        self.assertEqual(sorted(tensors), sorted(want))
        for name, t in want.items():
            if name not in ignore:
                np.testing.assert_array_equal(tensors[name], expected(t, flat.get(name)), name)

    # ---- what comes out

    def test_resnet18(self):
        meta, tensors, stderr = self.convert(self.pth)
        self.check(tensors, self.state)
        with open(self.pth, "rb") as f:
            self.assertEqual(meta["source_sha256"], hashlib.sha256(f.read()).hexdigest())
        self.assertEqual(meta["arch"], "resnet18")
        self.assertEqual(meta["source"], "resnet18.pth")
        self.assertEqual(meta["n_class"], "1000")
        self.assertEqual(len(meta["classes"].split("\n")), 1000)
        self.assertEqual(meta["bn_eps"], "1e-05")
        self.assertRegex(meta["converter"], r"^gdconvert \d+\.\d+\.\d+$")
        self.assertIn("recognised", stderr)

    def test_kinds_of_files(self):
        """The same weights in every wrapping give the same file, source entries aside."""
        want = None
        wrapped = {"state_dict": {"module." + k: v for k, v in self.state.items()}, "epoch": 3}
        for source in (self.pth,
                       self.save("legacy.pth", self.state, _use_new_zipfile_serialization=False),
                       self.save("wrapped.pth", wrapped),
                       self.save("whole.pth", self.resnet)):
            meta, tensors, _ = self.convert(source)
            self.check(tensors, self.state)
            for key in ("source", "source_sha256", "source_format"):
                del meta[key]
            want = want or meta
            self.assertEqual(meta, want)

    def test_half(self):
        meta, tensors, _ = self.convert(self.small_pth, "--precision", "fp16")
        for name, t in tensors.items():
            want = expected(self.small[name])
            wide = want.ndim == 1
            self.assertEqual(t.dtype, np.float32 if wide else np.float16)
            np.testing.assert_array_equal(t, want if wide else want.astype(np.float16))
        large = dict(self.small)
        large["conv1.weight"] = torch.full((16, 3, 3, 3), 65520.0)
        self.refuse(4, "E466|conv1.weight|432 of 432", self.save("large.pth", large), "-o",
                    self.path("x.gdw"), "--precision", "fp16")

    def test_faster_rcnn(self):
        model = seeded(torchvision.models.detection.fasterrcnn_resnet50_fpn, weights=None,
                       weights_backbone=None)
        state = model.state_dict()
        flat = {"roi_heads.box_head.fc6.weight": (7, 7)}

        def old(k):
            """Keys of the published files."""
            k = re.sub(r"(inner|layer)_blocks\.(\d)\.0\.", r"\1_blocks.\2.", k)
            return k.replace("rpn.head.conv.0.0.", "rpn.head.conv.")

        was = {old(k): v for k, v in state.items()}
        self.assertNotEqual(sorted(was), sorted(state))
        meta, tensors, _ = self.convert(self.save("rcnn.pth", was))
        self.check(tensors, was, flat)
        self.assertEqual(meta["arch"], "fasterrcnn_resnet50_fpn")
        self.assertEqual(meta["bn_eps"], "0")
        names, ids = meta["classes"].split("\n"), meta["category_ids"].split(",")
        self.assertEqual(len(names), 90)
        self.assertEqual((names[0], ids[0], names[89], ids[89]),
                         ("person", "1", "toothbrush", "90"))
        self.save("rcnn.pth", state)
        self.refuse(4, "E464|91 outputs|says 21", self.path("rcnn.pth"), "-o",
                    self.path("x.gdw"), "--num-classes", 21)
        names = self.path("voc.names")
        with open(names, "w") as f:
            f.write("__background__\n")
            f.write("".join("class %c\n" % (97 + i) for i in range(20)))
        meta, tensors, stderr = self.convert(self.path("rcnn.pth"), "--num-classes", 21,
                                             "--reset-head", "--names", names)
        self.assertIn("W469", stderr)
        self.assertEqual(meta["bn_eps"], "1e-05")
        self.check({k: v for k, v in tensors.items() if "box_predictor" not in k},
                   {k: v for k, v in was.items() if "box_predictor" not in k}, flat)
        self.assertEqual(tensors["roi_heads.box_predictor.cls_score.weight"].shape, (21, 1024))
        self.assertEqual(tensors["roi_heads.box_predictor.bbox_pred.weight"].shape, (84, 1024))
        self.assertEqual(meta["classes"].split("\n")[::19], ["class a", "class t"])
        self.assertEqual(meta["category_ids"].split(",")[0], "1")

    def test_real_files(self):
        if not os.path.isdir(DATA):
            self.skipTest("no " + DATA)
        yolox = os.path.join(DATA, "yolox", "yolox_nano")
        state = torch.load(yolox + ".pth", map_location="cpu")["model"]
        for source in (yolox + ".pth", yolox + ".safetensors"):
            meta, tensors, _ = self.convert(source)
            self.check(tensors, state)
            self.assertEqual(meta["arch"], "yolox_nano")
            self.assertEqual(meta["bn_eps"], "0.001")
            self.assertEqual(meta["category_ids"].split(",")[79], "90")
        resnet = os.path.join(DATA, "resnet_cifar10", "resnet20-12fca82f.th")
        state = torch.load(resnet, map_location="cpu")["state_dict"]
        meta, tensors, _ = self.convert(resnet)
        self.check(tensors, {k.replace("module.", ""): v for k, v in state.items()})
        self.assertEqual(meta["arch"], "resnet20_cifar")
        self.assertEqual(meta["classes"].split("\n")[0], "airplane")

    def test_head(self):
        ten = self.save("ten.pth", torchvision.models.resnet18(num_classes=10).state_dict())
        out = self.path("x.gdw")
        self.refuse(4, "E464|10 outputs|1000|--num-classes 10", ten, "-o", out)
        self.refuse(4, "E464", ten, "-o", out, "--num-classes", 1000)
        meta, tensors, stderr = self.convert(ten, "--num-classes", 10)
        self.assertIn("W468", stderr)
        self.assertEqual(meta["classes"].split("\n")[9], "class 9")
        names = self.path("ten.names")
        with open(names, "wb") as f:
            f.write(b"\xef\xbb\xbfa\r\n" + b"\r\n".join(b"n%d" % i for i in range(9)) + b"\r\n\r\n")
        meta, _, _ = self.convert(ten, "--names", names)
        self.assertEqual(meta["classes"], "a\n" + "\n".join("n%d" % i for i in range(9)))
        self.refuse(4, "E463|10 class names|1000", self.pth, "-o", out, "--names", names)
        for bad in (b"a\n\nb", b"a\na", b"a\x1b\nb", b"\xff\xfe", b"", b"a\0b"):
            with open(names, "wb") as f:
                f.write(bad)
            self.refuse(4, "E463", ten, "-o", out, "--names", names)
        one, again = (self.convert(ten, "--reset-head", "--num-classes", 7)[1] for _ in range(2))
        head = one["fc.weight"]
        self.assertEqual(head.shape, (7, 512))
        self.assertAlmostEqual(float(head.std()), 0.01, delta=0.001)
        self.assertFalse(one["fc.bias"].any())
        np.testing.assert_array_equal(head, again["fc.weight"])

    def test_pruned(self):
        """Widths are the tensors': a block with fewer inner channels is taken as it is."""
        state = dict(self.state)
        for k in ("conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"):
            state["layer1.0." + k] = state["layer1.0." + k][:40].clone()
        state["layer1.0.conv2.weight"] = state["layer1.0.conv2.weight"][:, :40].clone()
        source = self.save("pruned.pth", state)
        meta, tensors, stderr = self.convert(source, "--arch", "resnet18")
        self.check(tensors, state)
        self.assertIn("6 of ", stderr)
        state["layer1.0.conv2.weight"] = state["layer1.0.conv2.weight"][:, :39].clone()
        self.refuse(4, "E461|layer1.0.conv2.weight", self.save("pruned.pth", state), "--arch",
                    "resnet18", "-o", self.path("x.gdw"))

    def test_expanded(self):
        """A few numbers repeated into 230 MB are no pruned model."""
        state, n = dict(self.state), 50000
        for k in ("conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"):
            t = state["layer1.0." + k]
            state["layer1.0." + k] = t[:1].clone().expand(n, *t.shape[1:])
        t = state["layer1.0.conv2.weight"]
        state["layer1.0.conv2.weight"] = t[:, :1].clone().expand(64, n, 3, 3)
        self.refuse(4, "E461|layer1.0.conv1.weight [50000,64,3,3]",
                    self.save("expanded.pth", state), "--arch", "resnet18", "-o",
                    self.path("x.gdw"))

    def test_license(self):
        text = self.path("LICENSE")
        with open(text, "w") as f:
            f.write("MIT\n\n\tAs is.\n")
        meta, _, _ = self.convert(self.small_pth, "--license", text)
        self.assertEqual(meta["license"], "MIT\n\n\tAs is.\n")

    # ---- what is refused

    def test_keys(self):
        out = self.path("x.gdw")
        state = dict(self.state)
        for i in range(12):
            state["extra.%d.weight" % i] = torch.zeros(3)
        del state["layer1.0.conv1.weight"], state["bn1.bias"]
        state["fc.bias"] = torch.zeros(1000, 1)
        bad = self.save("bad.pth", state)
        for args in (["--arch", "resnet18"], []):
            stderr = self.refuse(4, "resnet18|2 are missing and 1 mis-shaped|12 of the file's|"
                                    "layer1.0.conv1.weight|bn1.bias|fc.bias [1000,1] for [1000]",
                                 bad, "-o", out, *args)
            self.assertEqual(len(set(re.findall(r"extra\.\d+\.weight", stderr))), 10)
        self.refuse(4, "E461", self.pth, "-o", out, "--arch", "resnet34")
        self.refuse(2, "resnet19|--list", self.pth, "-o", out, "--arch", "resnet19")
        self.refuse(4, "E460|none of its 1 tensors", self.save("one.pth", {"w": torch.zeros(2)}),
                    "-o", out)

    def test_not_finite(self):
        state = {k: v.clone() for k, v in self.small.items()}
        state["conv1.weight"][0, 0, 0, :3] = float("nan")
        state["linear.bias"][7] = float("-inf")
        bad = self.save("nan.pth", state)
        meta, tensors, stderr = self.convert(bad)
        self.assertIn("'conv1.weight': 3 of 432 values are NaN", stderr)
        self.assertTrue(np.isnan(tensors["conv1.weight"][0, 0, :3, 0]).all())
        self.refuse(4, "conv1.weight|3 of 432", bad, "--strict", "-o", self.path("x.gdw"))
        state = dict(self.small)
        state["linear.bias"] = torch.full((10,), 1e39, dtype=torch.float64)
        self.refuse(4, "E465|linear.bias|10 of 10|fp32", self.save("double.pth", state), "-o",
                    self.path("x.gdw"))

    def test_hostile(self):
        out = self.path("x.gdw")

        class Evil:
            def __reduce__(self):
                return os.system, ("touch " + self.mark,)

        evil = Evil()
        evil.mark = self.path("executed")
        meta, tensors, stderr = self.convert(self.save("evil.pth", dict(self.small, x=evil)))
        self.check(tensors, self.small)
        self.assertFalse(os.path.exists(evil.mark))
        with open(self.small_pth, "rb") as f:
            cut = f.read(99999)
        for name, data in (("empty", b""), ("byte", b"x"), ("html", b"<!DOCTYPE html><p>404"),
                           ("lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
                           ("noise", os.urandom(4096)), ("cut", cut)):
            with open(self.path(name), "wb") as f:
                f.write(data)
            self.refuse(4, "E4", self.path(name), "-o", out)
        os.mkfifo(self.path("fifo"))
        self.refuse(4, "FIFO", self.path("fifo"), "-o", out)
        self.refuse(4, "directory", self.dir, "-o", out)
        self.refuse(4, "", "/dev/zero", "-o", out)
        self.refuse(4, "absent", self.path("absent.pth"), "-o", out)
        self.refuse(4, "", self.path("abs\x1b[31m\nent"), "-o", out)

    def test_usage(self):
        out = self.path("x.gdw")
        self.refuse(2, "no file")
        self.refuse(2, "-o", self.small_pth)
        self.refuse(2, "E208", self.small_pth, "-o", self.small_pth)
        self.refuse(2, "E209", self.small_pth, self.small_pth, "-o", out)
        self.refuse(2, "E209", self.small_pth, "-o", out, "--json")
        self.refuse(2, "E209", self.small_pth, "-o", out, "--inspect")
        self.refuse(2, "E201|--strict", self.small_pth, "-o", out, "--strct")
        self.refuse(2, "1 to 65536", self.small_pth, "-o", out, "--num-classes", 0)
        self.refuse(2, "--precision", self.small_pth, "-o", out, "--precision", "int8")
        code, stdout, _ = run("--list")
        self.assertEqual(code, 0)
        self.assertRegex(stdout, r"(?m)^resnet18 +classify +1000 +11.69 M")
        self.assertRegex(stdout, r"(?m)^fasterrcnn_resnet50_fpn +detect +90 +41.81 M")
        code, stdout, _ = run("--help")
        self.assertEqual(code, 0)
        for flag in ("--arch", "--num-classes", "--names", "--reset-head", "--allow-deflate",
                     "--strict", "--output", "--inspect", "--list", "--license", "--precision"):
            self.assertIn(flag, stdout)

    def test_outputs(self):
        out = self.path("exists.gdw")
        with open(out, "wb") as f:
            f.write(b"mine")
        self.refuse(9, "exists already|-y", self.small_pth, "-o", out)
        with open(out, "rb") as f:
            self.assertEqual(f.read(), b"mine")
        code, _, stderr = run(self.small_pth, "-o", out, "-y")
        self.assertEqual(code, 0, stderr)
        gdw_file.read(out)
        os.unlink(out)
        self.refuse(9, "no/such", self.small_pth, "-o", self.path("no/such/folder.gdw"))
        self.refuse(9, "directory", self.small_pth, "-o", self.dir)
        self.refuse(9, "/dev/full", self.small_pth, "-o", "/dev/full")
        self.assertFalse(os.path.isfile("/dev/full"))
        os.symlink(self.path("elsewhere"), self.path("link.gdw"))
        self.refuse(9, "symbolic link", self.small_pth, "-o", self.path("link.gdw"))
        os.unlink(self.path("link.gdw"))
        full = "ulimit -f 100; exec \"$0\" \"$@\""
        before = sorted(os.listdir(self.dir))
        done = subprocess.run(["bash", "-c", full, PROGRAM, self.small_pth, "-o", self.path("x.gdw")],
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 9, done.stderr)
        self.assertEqual(sorted(os.listdir(self.dir)), before)

    def test_confined(self):
        """While it writes (to a FIFO that nobody empties) the process is under both filters."""
        fifo = self.path("out.fifo")
        os.mkfifo(fifo)
        job = subprocess.Popen([PROGRAM, self.small_pth, "-o", fifo], stderr=subprocess.DEVNULL)
        with open(fifo, "rb") as f:
            f.read(1)
            with open("/proc/%d/status" % job.pid) as s:
                status = s.read()
            f.read()
        self.assertEqual(job.wait(60), 0)
        os.unlink(fifo)
        self.assertRegex(status, r"(?m)^Seccomp:\s+2$")
        self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")

    def test_interrupted(self):
        """SIGINT between two tensors: exit 130; a file would not have appeared."""
        fifo = self.path("int.fifo")
        os.mkfifo(fifo)
        job = subprocess.Popen([PROGRAM, self.small_pth, "-o", fifo], stderr=subprocess.PIPE)
        with open(fifo, "rb") as f:
            f.read(1)
            job.send_signal(signal.SIGINT)
            size = 1 + len(f.read())
        job.communicate(timeout=60)
        self.assertEqual(job.returncode, 130)
        self.assertLess(size, 1090000)
        os.unlink(fifo)

    def test_poor_surroundings(self):
        """Closed descriptors, few descriptors, little memory, another locale, no room on stdout."""
        out = self.path("poor.gdw")
        run(self.small_pth, "-o", out)
        with open(out, "rb") as f:
            want = f.read()
        settings = ["exec 0<&-", "exec 0<&- 1>&- 2>&-", "ulimit -n 8",
                    "export LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo"]
        scarce = [] if sanitized() else ["ulimit -s 64"] + [
            "ulimit -v %d" % kib for kib in range(30000, 90000, 15000)]
        for setting in settings + scarce:
            text = setting + "; exec \"$0\" \"$@\""
            done = subprocess.run(["bash", "-c", text, PROGRAM, self.small_pth, "-y", "-o", out],
                                  capture_output=True, timeout=60)
            if not (b"loading shared libraries" in done.stderr and "-v" in setting):
                allowed = (0, 6) if "-v" in setting else (0,)
                self.assertIn(done.returncode, allowed, "%s: %s" % (setting, done.stderr))
            with open(out, "rb") as f:
                self.assertEqual(f.read(), want)
            self.assertFalse(os.path.exists(out + ".part"))
        os.unlink(out)


if __name__ == "__main__":
    unittest.main()
