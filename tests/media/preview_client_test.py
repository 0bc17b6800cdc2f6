# preview_client_test.py -- the MJPEG preview as HTTP clients see it: good ones, slow ones, bad ones.
import http.client
import io
import json
import os
import socket
import subprocess
import time
import unittest
import urllib.request

import numpy
from PIL import Image

PROGRAM = os.path.join(os.environ.get("GD_BUILD", "build/ci"), "preview_run")


class Preview:
    def __init__(self, where="0", clients=8, request_s=5, stall_s=5):
        self.process = subprocess.Popen([PROGRAM, where, str(clients), str(request_s), str(stall_s)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rsplit(":", 1)[1].rstrip("/"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()

    def end(self):
        out, _ = self.process.communicate("", timeout=20)
        assert self.process.returncode == 0, self.process.returncode
        return json.loads(out)

    def connect(self, data=b""):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        s.sendall(data)
        return s

    def raw(self, data):
        """The whole answer to some bytes."""
        with self.connect(data) as s:
            answer = b""
            try:
                while True:
                    part = s.recv(65536)
                    if not part:
                        return answer
                    answer += part
            except ConnectionResetError:
                return answer


def frames(stream, n):
    """The next n JPEGs of a multipart stream, after its head."""
    found = []
    f = stream.makefile("rb")
    assert f.readline() == b"HTTP/1.1 200 OK\r\n"
    while f.readline() != b"\r\n":
        pass
    while len(found) < n:
        assert f.readline() == b"--gdrun-frame\r\n"
        assert f.readline() == b"Content-Type: image/jpeg\r\n"
        length = f.readline()
        assert length.startswith(b"Content-Length: ") and f.readline() == b"\r\n"
        found.append(f.read(int(length.split()[1])))
        assert f.readline() == b"\r\n"
    return found


def square(jpeg):
    """Left edge of the bright square, after checking the whole picture."""
    a = numpy.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)
    assert a.shape == (240, 320, 3)
    assert abs(a[:90] - 40).max() < 8 and abs(a[150:] - 40).max() < 8
    bright = numpy.flatnonzero(a[120, :, 1] > 145)
    assert 36 <= len(bright) <= 44, len(bright)
    return bright[0]


class Test(unittest.TestCase):
    def test_pages(self):
        with Preview() as p:
            c = http.client.HTTPConnection("127.0.0.1", p.port, timeout=10)
            for path, kind, part in (("/", "text/html", b'<img src="/stream"'),
                                     ("/healthz", "text/plain", b"ok\n")):
                c.request("GET", path)
                r = c.getresponse()
                body = r.read()
                self.assertEqual(r.status, 200)
                self.assertIn(kind, r.headers["Content-Type"])
                self.assertEqual(int(r.headers["Content-Length"]), len(body))
                self.assertIn(part, body)
                c.request("HEAD", path)
                r = c.getresponse()
                self.assertEqual((r.status, r.read()), (200, b""))
                self.assertEqual(int(r.headers["Content-Length"]), len(body))
            with urllib.request.urlopen(p.url + "frame.jpg", timeout=10) as r:
                self.assertEqual(r.headers["Content-Type"], "image/jpeg")
                self.assertEqual(r.headers["Cache-Control"], "no-store")
                square(r.read())
            with self.assertRaises(urllib.error.HTTPError) as e:
                urllib.request.urlopen(p.url + "etc/passwd", timeout=10)
            self.assertEqual(e.exception.code, 404)
            self.assertEqual(e.exception.read(), b"404 Not Found\n")

    def test_stream(self):
        with Preview() as p:
            streams = [p.connect(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(3)]
            for s in streams:
                places = [square(j) for j in frames(s, 12)]
                self.assertGreater(len(set(places)), 6)  # it moves
                s.close()
            stats = p.end()
        self.assertGreaterEqual(stats["sent"], 36)
        self.assertLess(stats["encoded"], stats["sent"])  # the clients shared them
        self.assertEqual(stats["refused"], 0)

    def test_slow_client_sees_the_newest(self):
        with Preview() as p:
            slow = p.connect(b"GET /stream HTTP/1.0\r\n\r\n")
            time.sleep(1.5)  # reads nothing; the kernel's buffers hold some frames of the start
            quick = p.connect(b"GET /stream HTTP/1.0\r\n\r\n")
            self.assertEqual(len(frames(quick, 10)), 10)
            f = frames(slow, 10)
            self.assertEqual(len(f), 10)
            slow.close()
            quick.close()
            stats = p.end()
        self.assertLess(stats["encoded"], stats["offered"])

    def test_refusals(self):
        with Preview() as p:
            good = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
            for status, request in ((400, b"\r\n\r\n"), (405, b"POST / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                    (413, good + b"Content-Length: 9\r\n\r\n"),
                                    (400, good + b"Host: x\r\n\r\n"), (400, b"GET /\x00 HTTP/1.0\r\n\r\n"),
                                    (414, b"GET /" + b"a" * 3000 + b" HTTP/1.0\r\n\r\n"),
                                    (414, b"a" * 4000), (431, good + b"X: " + b"b" * 5000),
                                    (505, b"GET / HTTP/3.0\r\n\r\n"),
                                    (403, b"GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n"),
                                    (403, b"GET /stream HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n")):
                answer = p.raw(request)
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), (request[:40], answer[:80]))
                self.assertNotIn(b"/work", answer)
                self.assertNotIn(b"rebound", answer)
            self.assertIn(b"Allow: GET, HEAD\r\n", p.raw(b"PUT / HTTP/1.0\r\n\r\n"))
            # A client that closes its side once it has asked is answered all the same.
            with p.connect(b"GET /healthz HTTP/1.0\r\n\r\n") as s:
                s.shutdown(socket.SHUT_WR)
                self.assertTrue(s.makefile("rb").read().endswith(b"\r\n\r\nok\n"))
            # Byte by byte.
            with p.connect() as s:
                for b in b"GET /healthz HTTP/1.1\r\nHost: [::1]\r\n\r\n":
                    s.sendall(bytes([b]))
                self.assertTrue(s.makefile("rb").read().startswith(b"HTTP/1.1 200 "))

    def test_time_outs_and_cap(self):
        with Preview(clients=2, request_s=0.6, stall_s=1) as p:
            start = time.monotonic()
            silent, half = p.connect(), p.connect(b"GET / HT")
            time.sleep(0.1)
            answer = p.raw(b"GET / HTTP/1.0\r\n\r\n")  # both places are taken
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 503 "), answer)
            self.assertEqual(silent.makefile("rb").read(), b"")
            self.assertTrue(half.makefile("rb").read().startswith(b"HTTP/1.1 408 "))
            self.assertLess(time.monotonic() - start, 5)
            silent.close()
            half.close()
            deadline = time.monotonic() + 5
            while not p.raw(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 "):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            # One that talks on while it watches is cut off.
            flood = p.connect(b"GET /stream HTTP/1.0\r\n\r\n")
            with self.assertRaises(OSError):
                while True:
                    flood.sendall(b"x" * 65536)
            flood.close()
            self.assertGreaterEqual(p.end()["refused"], 3)

    def test_memory_stays(self):
        with Preview() as p:
            def resident():
                with open(f"/proc/{p.process.pid}/statm", encoding="ascii") as f:
                    return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

            def visit():
                with p.connect(b"GET /stream HTTP/1.0\r\n\r\n") as s:
                    frames(s, 3)
                p.raw(b"GET /frame.jpg HTTP/1.0\r\n\r\n")
                p.raw(b"bad\r\n\r\n")
                p.connect(b"GET /stream HTTP/1.0\r\n\r\n").close()
            for _ in range(5):
                visit()
            before = resident()
            for _ in range(15):
                visit()
            if "address" not in os.environ.get("GD_SANITIZE", ""):
                self.assertLess(resident() - before, 1 << 20)
            fds = len(os.listdir(f"/proc/{p.process.pid}/fd"))
            self.assertLess(fds, 20)


if __name__ == "__main__":
    unittest.main()
