# video_stream_test.py -- RTSP and HTTP that stall, break, come back or do not, against servers of our own.
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_video import DUMP, Dump, X264, check, dump, ffmpeg, main, pattern, rising  # noqa: E402
from rtsp_stub import RtspStub  # noqa: E402


def sources():
    ffmpeg(*pattern(2, rate=50), *X264, "-bf", "0", "-g", "10", "a.mp4")
    ffmpeg(*pattern(2, "160x120", rate=50), *X264, "-bf", "0", "-g", "10", "b.mp4")


def timed(*args, **more):
    t = time.monotonic()
    d = dump(*args, **more)
    return d, time.monotonic() - t


def rtsp_loss():
    """A connection that breaks is made again; time goes on, frames tell when they came."""
    stub = RtspStub("a.mp4", [dict(frames=60, then="close"), dict(frames=40, then="half"),
                              dict(frames=30, path="b.mp4", then="close"), dict(frames=0, then="refuse")])
    d, took = timed(stub.url, "--timeout", 3000, "--retries", 2)
    stub.close()
    check(d.info and d.info["live"] == 1 and d.info["codec"] == "h264" and d.info["container"] == "rtsp", f"{d.info}")
    check(125 <= len(d.frames) <= 130 and rising(d.pts()), f"rtsp: {len(d.frames)} frames {d.error}")
    check(d.counts["reconnects"] == 2 and d.counts["lost"] and d.counts["damaged"], f"rtsp: {d.counts}")
    check(d.code() == 960 and "lost after" in d.error["text"] and "2 attempts" in d.error["why"], f"rtsp: {d.error}")
    check([n["code"] for n in d.notes].count(392) >= 4, f"rtsp: {d.notes}")
    check({(f["width"], f["height"]) for f in d.frames} == {(320, 180), (160, 120)}, "rtsp: another size")
    came = [f["captured"] for f in d.frames]
    check(all(a <= b for a, b in zip(came, came[1:])) and came[0] > 0, "rtsp: captured")
    # The timeline holds the time that passed; what a connection is probed with arrives at once.
    drift = [(f["pts"] - d.frames[0]["pts"]) / 90000 - (f["captured"] - came[0]) / 1e9 for f in d.frames]
    check(max(map(abs, drift)) < 1, f"rtsp: drift {min(drift):.3f} .. {max(drift):.3f}")
    holes = [b - a for a, b in zip(d.pts(), d.pts()[1:]) if b - a > 40000]
    check(len(holes) == 2, f"rtsp: holes {holes}")
    waits = [b - a for a, b in zip(stub.log, stub.log[1:])]
    check(waits[-1] >= 1.0 and waits[-2] >= 0.5, f"rtsp: pauses grow: {waits}")
    check(took < 30, f"rtsp: took {took:.1f} s")


def rtsp_stall():
    """Silence ends after the time-out; without retries that is the end, with them it goes on."""
    stub = RtspStub("a.mp4", [dict(frames=30, then="stall"), dict(frames=100, then="stall")])
    d, took = timed(stub.url, "--timeout", 1000, "--retries", -1)
    check(d.code() == 960 and "nothing came for 1.0 s" in d.error["text"] and len(d.frames) >= 28, f"stall: {d.error}")
    check(took < 6, f"stall: took {took:.1f} s")
    stub.close()
    stub = RtspStub("a.mp4", [dict(frames=30, then="stall"), dict(frames=100, then="stall")])
    d, took = timed(stub.url, "--timeout", 1000, "--stop-after", 60)
    check(d.rc == 0 and len(d.frames) == 60 and d.counts["reconnects"] == 1, f"stall, resume: {d.error} {d.counts}")
    stub.close()


def rtsp_absent():
    """A server that is not there, does not answer, or says no."""
    stub = RtspStub("a.mp4", [dict(frames=0, then="refuse")])
    d, took = timed(stub.url, "--timeout", 1000)
    check(d.code() == 379 and took < 5, f"refused: {d.error} {took:.1f} s")
    stub.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    d, took = timed(f"rtsp://127.0.0.1:{port}/live", "--timeout", 1000)
    check(d.code() == 379 and "refused" in d.error["text"] and took < 5, f"closed port: {d.error} {took:.1f} s")
    silent = socket.create_server(("127.0.0.1", 0))
    for scheme in ("rtsp", "http"):
        d, took = timed(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x", "--timeout", 1000)
        check(d.code() == 379 and took < 5, f"{scheme}: silence: {d.error} {took:.1f} s")
    silent.close()


def stop():
    """SIGTERM's handler would call stop: a read that waits comes back at once."""
    stub = RtspStub("a.mp4", [dict(frames=60, then="stall")])
    p = subprocess.Popen([DUMP, stub.url, "--signal"], stdout=subprocess.PIPE, text=True)
    time.sleep(3)
    t = time.monotonic()
    p.send_signal(signal.SIGTERM)
    out, _ = p.communicate(timeout=10)
    d = Dump(out, p.returncode)
    check(time.monotonic() - t < 1 and p.returncode == 0 and len(d.frames) >= 58 and d.counts,
          f"stop: {p.returncode} {len(d.frames)}")
    stub.close()


class Files(http.server.SimpleHTTPRequestHandler):
    """Files with byte ranges; the first whole answer of `broken` ends in its middle."""
    protocol_version = "HTTP/1.1"
    broken, hits = set(), []

    def log_message(self, *args):
        pass

    def do_GET(self):
        name = self.path.strip("/")
        Files.hits.append((name, self.headers.get("Range")))
        if name == "redirect":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if name == "live.ts":
            # A broadcast: no length, from where it is now; the third listener finds it gone.
            if [h[0] for h in Files.hits].count(name) > 2:
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(open(name, "rb").read())
            self.close_connection = True
            return
        data = open(name, "rb").read()
        at = int((self.headers.get("Range") or "bytes=0-").split("=")[1].split("-")[0])
        self.send_response(206 if self.headers.get("Range") else 200)
        self.send_header("Content-Length", str(len(data) - at))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Range", f"bytes {at}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        part = data[at:]
        if name in Files.broken and len(part) > len(data) // 2:
            Files.broken.discard(name)
            part = part[:len(data) // 2]
            self.close_connection = True
        try:
            self.wfile.write(part)
        except OSError:
            pass


def http_files():
    """MP4 over HTTP; a connection that breaks in the middle goes on at the next frame."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{server.server_address[1]}/"
    ffmpeg(*pattern(6, "320x240"), *X264, "-qp", "4", "-g", "25", "-movflags", "+faststart", "web.mp4")
    with open("list.mp4", "w", encoding="utf-8") as f:
        f.write(f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{at}web.mp4\n#EXT-X-ENDLIST\n")
    whole = dump("web.mp4")
    d = dump(at + "web.mp4")
    check(d.crcs() == whole.crcs() and d.pts() == whole.pts() and not d.counts["damaged"], f"http: {d.error}")
    check(d.info["live"] == 0 and d.info["frames"] == 150, f"http: {d.info}")
    Files.broken.add("web.mp4")
    d = dump(at + "web.mp4")
    check(d.crcs() == whole.crcs() and d.pts() == whole.pts(), f"http, broken: {len(d.frames)} {d.error} {d.counts}")
    check(d.counts["reconnects"] == 1 and not d.counts["lost"], f"http, broken: {d.counts}")
    check(dump(at + "list.mp4").code() == 375, "http: a playlist")
    check(dump(at + "redirect").code() == 379, "http: sent on to a file")
    d = dump(at + "web.mp4", "--start", 3000000, "--end", 3200000)
    check(len(d.frames) == 5, f"http: a part: {len(d.frames)}")
    ffmpeg(*pattern(1, "160x120"), *X264, "-bf", "0", "live.ts")
    d = dump(at + "live.ts", "--retries", 1)
    check(d.info and d.info["live"] == 1 and d.info["container"] == "mpegts" and len(d.frames) == 50 and
          rising(d.pts()), f"http, live: {d.info} {len(d.frames)} {d.error}")
    check(d.code() == 960 and "404" in d.error["why"] and d.counts["reconnects"] == 1, f"http, live: {d.error}")
    server.shutdown()


main(sources, rtsp_loss, rtsp_stall, rtsp_absent, stop, http_files)
